import Shared
import Testing

/// W29: Passwords that cracking programs derive from words are rejected; others are not.
@Suite struct CommonPasswordTests {
    private func isCommon(_ password: String, besides others: [String] = []) -> Bool {
        PasswordRules.violations(in: password, besides: others).contains { $0.code == .tooCommon }
    }

    @Test(
        "W29: A word with capitals, substitutions, years, digits and punctuation is rejected",
        arguments: [
            "P@ssword1", "Admin@123", "Summer2026!", "Letmein123", "Passw0rd!", "P@$$w0rd", "Pa$$word1", "Pa55word",
            "P4ssword99",
            "Password2026", "Password!23", "Password01!", "Password@1", "Password#2024", "1Password", "123Password",
            "!Password1",
            "Welcome@123", "Welcome2025!", "Winter2025", "Spring2024!", "Autumn2026", "Fall2026!!", "January2026",
            "December25!",
            "Monday123", "Friday13!", "Qwerty123!", "Qwerty!@#1", "Qwer1234", "Qwertyuiop1", "Asdfghjkl1", "Zxcvbnm123",
            "1qaz2WSX", "!QAZ2wsx", "Zaq1@wsx", "Q1w2e3r4", "1Q2w3e4r5t", "Abc123!@#", "Abcd@1234", "Abcd1234!",
            "Aa123456",
            "Aa@12345", "Aa@123456", "Aa112233",
            "Aa12345678", "Abc12345", "Test@123", "Test1234!", "Root@123", "User@1234", "Login123!", "Guest2026",
            "Master123",
            "Changeme1", "Default1!", "Secret123", "Iloveyou2", "Iloveyou!1", "Princess1", "Football1!", "Dragon2020",
            "Monkey123!",
            "Sunshine1", "Superman1", "Batman123", "Starwars1", "Pokemon123", "Liverpool1", "Chelsea123", "Michael1990",
            "Hello123!", "H3llo123", "Hell0123", "L3tm31n!", "$ummer2026", "@dmin1234", "Adm1n123", "Azerty123",
            "Passwort1",
            "Christmas25!", "Happy2026", "Basketball23", "Elizabeth1!", "Johnson2024", "Tanaka123!", "T@kahashi1",
            "Daisuki123", "Arigatou1!", "Reiwa2026", "Zxcvbnm,./1", "147258369Aa",
            "PasswordPassword1", "AdminAdmin1", "TestTest12", "Drowssap1", "Pass@word1", "Google2024", "Tokyo2020!",
            "Sakura123", "Ｐａｓｓｗｏｒｄ１", "Ｐａｓｓword１２３", "Password1Password1", "Summer26Summer26", "Qwer1!Qwer1!",
            "Hello123Hello", "Password1Password2", "Aa31121999", "19991231Aa", "Aa12311999", "2020-01-31Ab",
            "Aa01/31/2020", "Netflix1", "Contraseña1", "Пароль123", "Йцукен12!",
        ]
    )
    func builtFromWords(password: String) { #expect(isCommon(password)) }

    @Test("W29: The name of the site and the address and name of the user count as words")
    func context() throws {
        let site = PasswordRules.words(of: try #require(WebOrigin("https://my-shop.example.co.uk:8443")))
        let others = site + ["Ada.Lovelace1815@analytical.example", "Ada Lovelace"]
        for password in [
            "Yoshikosan1", "Y0shikosan!", "My-shop1!", "MyShop2026", "Ex4mple123",
            "Lovelace1!", "AdaLovelace1", "LovelaceAda1815", "Lovel4ce-Ada!1", "Ada.Lovelace1815!",
            "An@lytical1", "L0velace2026", "AdaAdaAda1", "ALovelace1", "A.Lovelace1815", "LovelaceA!1", "AdaL1815",
        ] {
            #expect(isCommon(password, besides: others), "\(password)")
        }
        // Without these words, they are not common.
        for password in ["Yoshikosan1", "MyShop2026", "AdaLovelace1", "An@lytical1"] { #expect(!isCommon(password)) }
        for password in ["Muller123", "Müller123!", "ZoeMuller1"] {
            #expect(isCommon(password, besides: ["Zoë Müller"]), "\(password)")
        }
        let localhost = try #require(WebOrigin("http://localhost:8080"))
        #expect(PasswordRules.words(of: localhost) == ["yoshikosan", "localhost"])
        let named = PasswordRules.words(of: localhost, named: SiteName(english: "Corner Bakery", japanese: "パン屋"))
        for password in ["Bakery2026", "C0rner-Bakery!", "Yoshikosan1"] {
            #expect(isCommon(password, besides: named), "\(password)")
        }
    }

    @Test(
        "W29: A password with more than a word passes",
        arguments: [
            "Correct-Horse-7", "Correct-Horse-Battery-Staple-7", "correct horse battery Staple 9",
            "7 Purple elephants dance",
            "My dog ate 3 shoes!", "hujbav-8kuhqe-Zaqpid", "Xk7#pQ2m!vR9", "x7Kp2mQ9vL4t", "GvT4wq9ZbN2s",
            "aB3$kL9!mN2@",
            "qF8-zTn4-Wc2R", "J7rTqX2vLmP9", "9fK!w2Lz", "tR5#vB8q", "Zm4Kp8Xw", "Summer8273649501", "Password-8f3kQz",
            "Tr0ub4dor&3",
            "PurpleMonkey7Dishwasher", "Ich habe 2 Hunde", "Пароль-ёлка-7-Зима", "さくらAと4つの星です", "Trüstno1",
            "Pass-Word1",
            "Kaffee-Tasse-42", "w4terfall-Guitar", "Blue7Tiger!Moon",
            "Aa31139999", "Aa00151999", "Xk31121999", "Hello123Yellow!Tiger",
        ]
    )
    func substantial(password: String) { #expect(!isCommon(password)) }

    @Test("W29: Random passwords of password managers pass")
    func random() {
        var generator = Repeatable(state: 20_261_128)
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*-_=+")
        for length in [10, 12, 16, 20, 64, 128] {
            for _ in 0..<500 {
                let password = String((0..<length).map { _ in letters.randomElement(using: &generator) ?? "x" })
                #expect(!isCommon(password), "\(password)")
            }
        }
    }

    @Test("W29: The work is bounded for any leading and trailing characters")
    func bounded() {
        let clock = ContinuousClock()
        let marks = String(repeating: "!1@", count: 42)
        let time = clock.measure {
            let middle = String(repeating: "1", count: 60) + "Ab" + String(repeating: "!", count: 60)
            for password in ["Aa" + marks, marks + "Aa", middle] {
                _ = isCommon(password, besides: [String(repeating: "a@", count: 64), "Ada Lovelace"])
            }
        }
        // Usually milliseconds; a slow machine is not a fault.
        #expect(time < .seconds(5))
    }

    /// A reproducible sequence.
    private struct Repeatable: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            // Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
