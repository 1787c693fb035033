import Shared
import Testing

/// A3: what a password must have.
@Suite struct PasswordRulesTests {
    private func codes(_ password: String) -> [FieldErrorCode] {
        PasswordRules.violations(in: password).map(\.code)
    }

    @Test(
        "Good passwords break no rule",
        arguments: [
            "Passw0rd", "pässwÖrt9", "Пароль123", "Aa1" + String(repeating: "x", count: 125), "Aa1     ",
            "Aa1👩‍👩‍👧‍👧!!", "Abc١٢٣xyz", "Aa1\u{0}\u{0}\u{0}\u{0}\u{0}",
        ]
    )
    func good(password: String) { #expect(codes(password).isEmpty) }

    @Test(
        "Every broken rule is named",
        arguments: [
            ("", [FieldErrorCode.required]),
            ("a", [.tooShort, .missingUppercase, .missingDigit]),
            ("Aa1bcde", [.tooShort]),
            ("passw0rd", [.missingUppercase]),
            ("PASSW0RD", [.missingLowercase]),
            ("Password", [.missingDigit]),
            ("        ", [.missingUppercase, .missingLowercase, .missingDigit]),
            ("😀😀😀😀😀😀😀😀", [.missingUppercase, .missingLowercase, .missingDigit]),
            ("Aa1" + String(repeating: "x", count: 126), [.tooLong]),
        ]
    )
    func broken(password: String, expected: [FieldErrorCode]) { #expect(codes(password) == expected) }

    @Test("A character counts the same composed and decomposed")
    func composition() {
        // seven characters that are eight code points when decomposed
        #expect(codes("Aa1bcd\u{E9}") == [.tooShort])
        #expect(codes("Aa1bcde\u{301}") == [.tooShort])
    }

    @Test("A text far over the limit is refused without being normalised")
    func enormous() {
        let marks = "a" + String(repeating: "\u{301}\u{323}", count: 500_000)
        #expect(codes(marks) == [.tooLong])
        let others = "a" + String(repeating: "\u{323}\u{301}", count: 500_000)
        #expect(!PasswordRules.areSame(marks, others))
        #expect(PasswordRules.areSame(marks, marks))
        #expect(PasswordRules.areSame("Passw0rd\u{E9}", "Passw0rde\u{301}"))
        #expect(!PasswordRules.areSame("Passw0rd", "passw0rd"))
    }
}
