import Shared
import Testing

/// A1: Display names.
@Suite struct DisplayNameTests {
    @Test(
        "Names of every script are accepted; surrounding spaces are removed",
        arguments: [
            ("A", "A"), ("  Ada Lovelace ", "Ada Lovelace"), ("山田 太郎", "山田 太郎"), ("محمد", "محمد"),
            ("O'Brien-Smith", "O'Brien-Smith"), ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("אב\u{200F}", "אב\u{200F}"), ("👩‍👩‍👧", "👩‍👩‍👧"),
            (String(repeating: "n", count: 200), String(repeating: "n", count: 200)),
        ]
    )
    func taken(text: String, value: String) throws { #expect(try DisplayName(text).value == value) }

    @Test(
        "Invalid names are rejected",
        arguments: [
            ("", FieldErrorCode.required), ("   ", .required), ("\u{200B}\u{200F}", .required), ("\u{3164}", .required),
            ("\u{2800} \u{2800}", .required), ("\u{1D159}\u{13441}\u{13442}\u{1D173}", .required),
            ("\u{301}\u{20DD}", .required), ("\u{FFFC}", .required),
            (String(repeating: "n", count: 201), .tooLong),
            ("Ada\r\nBcc", .invalidCharacter), ("Ada\u{0}", .invalidCharacter), ("Ada\u{1B}[31m", .invalidCharacter),
            ("abc\u{202E}def", .invalidCharacter), ("abc\u{2066}def", .invalidCharacter),
            ("abc\u{2028}def", .invalidCharacter),
        ]
    )
    func rejected(text: String, code: FieldErrorCode) {
        #expect(performing: { try DisplayName(text) }, throws: { ($0 as? RuleViolation)?.code == code })
    }
}
