import Testing

@testable import AuthAPI

/// Lists as operators read them.
@Suite struct TextTableTests {
    @Test("Columns stand under their titles, however wide the characters of the last one are")
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

    @Test("Only titles are shown of an empty list")
    func empty() {
        #expect(TextTable(titles: ["ID", "NAME"], rows: []).description == "ID  NAME")
    }

    @Test(
        "UTS #55: What a stranger calls themselves cannot steer the terminal, break a line or turn it around",
        arguments: [
            ("a\u{1B}[31mb", "a?[31mb"), ("a\nb\r\tc", "a?b??c"), ("a\u{0}b", "a?b"), ("a\u{7F}b", "a?b"),
            ("a\u{9B}31mb", "a?31mb"), ("a\u{202E}cod.exe", "a?cod.exe"), ("a\u{2066}b\u{2069}", "a?b?"),
            ("a\u{2028}b\u{2029}c", "a?b?c"), ("a\u{200B}b\u{FEFF}c", "a?b?c"), ("Ünï 田中 愛子 עברית", "Ünï 田中 愛子 עברית"),
        ]
    )
    func harmless(text: String, shown: String) {
        #expect(TextTable.harmless(text) == shown)
        #expect(TextTable(titles: ["X"], rows: [[text]]).description == "X\n\(shown)")
    }

    @Test("A cell that was made harmless still fills its column")
    func widths() {
        let table = TextTable(titles: ["A", "B"], rows: [["x\u{1B}y", "1"], ["xyz", "2"]])
        #expect(table.description == "A    B\nx?y  1\nxyz  2")
    }
}
