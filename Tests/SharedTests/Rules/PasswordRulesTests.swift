import Shared
import Testing

/// A3: The rules for passwords.
@Suite struct PasswordRulesTests {
    private func codes(_ password: String) -> [FieldErrorCode] {
        PasswordRules.violations(in: password).map(\.code)
    }

    @Test(
        "Valid passwords violate no rule",
        arguments: [
            "Correct-Horse-7", "pässwÖrt9", "Зимородок7", "Aa1" + String(repeating: "x", count: 125), "Aa1     ",
            "Aa1👩‍👩‍👧‍👧!!", "Abc١٢٣xyz", "Aa1\u{0}\u{0}\u{0}\u{0}\u{0}",
        ]
    )
    func good(password: String) { #expect(codes(password).isEmpty) }

    @Test(
        "Every violated rule is named",
        arguments: [
            ("", [FieldErrorCode.required]),
            ("a", [.tooShort, .missingUppercase, .missingDigit]),
            ("Aa1bcde", [.tooShort]),
            ("correct-horse-7", [.missingUppercase]),
            ("CORRECT-HORSE-7", [.missingLowercase]),
            ("Password", [.missingDigit, .tooCommon]),
            ("        ", [.missingUppercase, .missingLowercase, .missingDigit, .tooCommon]),
            ("😀😀😀😀😀😀😀😀", [.missingUppercase, .missingLowercase, .missingDigit, .tooCommon]),
            ("Aa1" + String(repeating: "x", count: 126), [.tooLong]),
        ]
    )
    func broken(password: String, expected: [FieldErrorCode]) { #expect(codes(password) == expected) }

    // In any case and composition, and with the trailing punctuation that other sites require.
    @Test(
        "Passwords that attackers try first are rejected",
        arguments: [
            "Password1", "Passw0rd", "pAssWord1", "Password1!", "!!Password1!!", "1Qaz2wsx", "Trustno1", "Qwerty123",
            "P@ssw0rd", "Welcome1", "Abcd1234", "Password123?",
        ]
    )
    func common(password: String) { #expect(codes(password) == [.tooCommon]) }

    @Test(
        "A password that only resembles a common one is accepted",
        arguments: ["Password1x7", "Pass-Word1", "Trüstno1", "Password1é"]
    )
    func likeCommon(password: String) { #expect(codes(password).isEmpty) }

    @Test("All faults of a common password are reported at once")
    func commonAndBroken() { #expect(codes("password1") == [.missingUppercase, .tooCommon]) }

    @Test("The email address and the name are rejected as passwords")
    func ownTexts() {
        let others = ["Ada1815@example.com", "Ada Lovelace 1815", "caf\u{E9} Nr. 12"]
        for password in ["ADA1815@example.com", "Ada Lovelace 1815", "Cafe\u{301} Nr. 12"] {
            #expect(PasswordRules.violations(in: password, besides: others).map(\.code) == [.tooCommon])
            #expect(PasswordRules.violations(in: password).isEmpty)
        }
        #expect(PasswordRules.violations(in: "Ada1815@example.org", besides: others).isEmpty)
        let enormous = "a" + String(repeating: "\u{301}\u{323}", count: 500_000)
        #expect(PasswordRules.violations(in: "Correct-Horse-7", besides: [enormous]).isEmpty)
    }

    @Test("A character counts once, composed or decomposed")
    func composition() {
        // seven characters that are eight code points when decomposed
        #expect(codes("Aa1bcd\u{E9}") == [.tooShort])
        #expect(codes("Aa1bcde\u{301}") == [.tooShort])
    }

    @Test("A text far over the limit is rejected without being normalized")
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
