import Testing

@testable import AuthAPI

/// Tables for operators.
@Suite struct TextTableTests {
    @Test("Columns are aligned with their titles, whatever the width of characters in the last one")
    func alignment() {
        let table = TextTable(
            titles: ["EMAIL", "N", "NAME"],
            rows: [["a@example.com", "1", "田中 愛子"], ["b@e.jp", "1234", "Ada"], ["c@e.jp", "", "👩🏽‍💻"]]
        )
        let lines = table.description.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            lines == [
                "EMAIL          N     NAME", "a@example.com  1     田中 愛子", "b@e.jp         1234  Ada",
                "c@e.jp               👩🏽?💻",
            ]
        )
    }

    @Test("An empty list shows only the titles")
    func empty() {
        #expect(TextTable(titles: ["ID", "NAME"], rows: []).description == "ID  NAME")
    }

    @Test(
        "UTS #55: Names cannot control the terminal, break a line or change its direction",
        arguments: [
            ("a\u{1B}[31mb", "a?[31mb"), ("a\nb\r\tc", "a?b??c"), ("a\u{0}b", "a?b"), ("a\u{7F}b", "a?b"),
            ("a\u{9B}31mb", "a?31mb"), ("a\u{202E}cod.exe", "a?cod.exe"), ("a\u{2066}b\u{2069}", "a?b?"),
            ("a\u{2028}b\u{2029}c", "a?b?c"), ("a\u{200B}b\u{FEFF}c", "a?b?c"), ("Ünï 田中 愛子 עברית", "Ünï 田中 愛子 עברית"),
        ]
    )
    func sanitized(text: String, shown: String) {
        #expect(TextTable.sanitized(text) == shown)
        #expect(TextTable(titles: ["X"], rows: [[text]]).description == "X\n\(shown)")
    }

    @Test("A sanitized cell still fills its column")
    func widths() {
        let table = TextTable(titles: ["A", "B"], rows: [["x\u{1B}y", "1"], ["xyz", "2"]])
        #expect(table.description == "A    B\nx?y  1\nxyz  2")
    }
}
