import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// The registration form (requirements F2, F5, F7).
@Suite struct RegisterPageTests {
    private static let good: KeyValuePairs = [
        "name": "Ada Lovelace", "email": "ada@example.com", "password": "Correct-Horse-7",
        "password_confirmation": "Correct-Horse-7",
    ]

    // F2
    @Test func formHasItsFieldsAndRules() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/register")
            #expect(page.status == 200)
            for field in ["name", "email", "password", "password_confirmation"] {
                #expect(page.body.contains("id=\"\(field)\" name=\"\(field)\""))
            }
            #expect(page.body.contains(#"autocomplete="name""#))
            #expect(page.body.contains(#"autocomplete="new-password""#))
            #expect(page.body.contains(#"aria-describedby="password-rules""#))
            #expect(page.body.contains("8 to 128 characters"))
            #expect(page.body.contains(#"href="/login" id="to-login""#))
        }
    }

    // F2: After success, the visitor is signed in and redirected to the home page.
    @Test func registeringSignsIn() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post("/register", Self.good)
            #expect(page.status == 303)
            #expect(page.location == "/signed-in")
            #expect(page.cookies == [StubAuthAPI.setCookie])
        }
        #expect(
            api.requests.map(\.fields) == [
                ["name": "Ada Lovelace", "email": "ada@example.com", "password": "Correct-Horse-7"]
            ]
        )
    }

    // F7, A3: Every violated rule is shown at its field, without a request to the API.
    @Test func everyBrokenRuleIsNamed() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            let page = try await site.post(
                "/register",
                ["name": " ", "email": "nonsense", "password": "hunter", "password_confirmation": "hunted"]
            )
            #expect(page.status == 422)
            for text in [
                "Enter your name.", "Enter an email address like name@example.com.",
                "Use at least 8 characters in the password.", "Add an upper-case letter to the password.",
                "Add a digit to the password.", "The passwords do not match.",
            ] {
                #expect(page.body.contains(text))
            }
            #expect(page.body.contains(#"value="nonsense""#))
            #expect(!page.body.contains("hunte"))
            #expect(page.body.contains(#"aria-describedby="password-error password-rules" aria-invalid="true""#))
        }
        #expect(api.requests.isEmpty)
    }

    // A3: The same list as in the API, before a request to it.
    @Test func rejectsCommonPassword() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api) { site in
            for password in ["Password1", "Ada.Lovelace1@example.com"] {
                let page = try await site.post(
                    "/register",
                    [
                        "name": "Ada", "email": "ada.lovelace1@example.com", "password": password,
                        "password_confirmation": password,
                    ]
                )
                #expect(page.status == 422)
                #expect(page.body.contains("This password is one of the first that attackers try."))
            }
        }
        #expect(api.requests.isEmpty)
    }

    // A2, F7
    @Test func takenAddressIsShownAtTheField() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/register": { _ in
                StubAuthAPI.problem(.emailTaken, fields: [FieldError(field: "email", code: .taken, detail: "")])
            }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/register", Self.good)
            #expect(page.status == 409)
            #expect(page.body.contains(##"<a href="#email">An account with this email address already exists"##))
            #expect(page.body.contains(#"value="Ada Lovelace""#))
            #expect(!page.body.contains("Correct-Horse-7"))
        }
    }

    // Errors of the API are shown at their fields, even if this program's rules accept the values.
    @Test func faultsFoundByTheAPIAreShown() async throws {
        let faults = [
            FieldError(field: "name", code: .invalidCharacter, detail: ""),
            FieldError(field: "shoe_size", code: .unknownField, detail: ""),
        ]
        let api = StubAuthAPI(["POST /api/auth/register": { _ in StubAuthAPI.problem(.invalidFields, fields: faults) }])
        try await TestSite.with(api) { site in
            let page = try await site.post("/register", Self.good)
            #expect(page.status == 422)
            #expect(page.body.contains(##"<a href="#name">Remove control characters"##))
            #expect(page.body.contains("<li>This value is not accepted. Please check it.</li>"))
        }
    }

    // Passwords are compared as in the API: composed and decomposed forms are the same password.
    @Test func confirmationIsComparedInNormalisedForm() {
        let form = Form([
            "name": "A", "email": "a@example.com", "password": "Passw0rd\u{E9}",
            "password_confirmation": "Passw0rde\u{301}",
        ])
        #expect(RegisterPage.faults(in: form).isEmpty)
    }

    @Test(arguments: [
        ("Aa1🙂🙂🙂🙂", [FieldErrorCode.tooShort]), ("Aa1🙂🙂🙂🙂🙂", []), (String(repeating: "Aa1", count: 43), [.tooLong]),
        (String(repeating: "A", count: 126) + "a1", []), ("a", [.tooShort, .missingUppercase, .missingDigit]),
    ])
    func passwordLengthsCountCodePoints(password: String, codes: [FieldErrorCode]) {
        let form = Form([
            "name": "A", "email": "a@example.com", "password": password, "password_confirmation": password,
        ])
        #expect(RegisterPage.faults(in: form).map(\.code) == codes)
    }

    // Control characters in any field are an error of the field, never a server error.
    @Test(arguments: ["\r\n", "\u{0}", "\u{202E}"])
    func controlCharactersAreFaultsOfTheField(character: String) async throws {
        try await TestSite.with { site in
            let page = try await site.post(
                "/register",
                [
                    "name": "A\(character)B", "email": "a\(character)b@example.com", "password": "Correct-Horse-7",
                    "password_confirmation": "Correct-Horse-7",
                ]
            )
            #expect(page.status == 422)
            #expect(page.body.contains("Remove control characters"))
            // Invisible characters of an email address are removed (W20).
            #expect(page.body.contains("Enter an email address like") == (character != "\u{202E}"))
        }
    }

    // The name is escaped, including quotes with combining marks.
    @Test(arguments: [
        "<script>alert(1)</script>", "\"\u{301} onfocus=alert(1) autofocus x=\"\u{301}", "'\u{338}><img>",
    ])
    func typedMarkupIsEscaped(name: String) async throws {
        try await TestSite.with { site in
            let page = try await site.post("/register", ["name": name])
            #expect(page.status == 422)
            #expect(!page.body.contains("<script>alert"))
            #expect(!page.body.contains("<img>"))
            let value = try #require(page.body.split(separator: "name=\"name\"").dropFirst().first)
            let scalars = Array(value.unicodeScalars)
            let start = try #require(scalars.firstRange(of: Array("value=\"".unicodeScalars)))
            let typed = scalars[start.upperBound...].prefix { $0 != "\"" }
            #expect(String(String.UnicodeScalarView(typed)) == HTMLEscaping().escapeText(name))
        }
    }

    @Test func redirectsSignedInVisitor() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/register?return_to=/account", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/account")
        }
    }
}
