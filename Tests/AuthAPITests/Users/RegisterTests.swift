import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A1, A2, A3, A4: registration.
@Suite struct RegisterTests {
    private static let good = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]

    @Test("A1: Registering returns 201 with the user and opens a session")
    func registers() async throws {
        try await TestAPI.with { api in
            let client = api.client()
            let response = try await client.post(
                APIPath.register,
                ["email": " Ada@Example.COM ", "password": "Correct-Horse-7", "name": " Ada Lovelace "]
            )
            #expect(response.status == 201)
            let user: UserBody = try response.decoded()
            #expect(user.email == "ada@example.com")
            #expect(user.name == "Ada Lovelace")
            #expect(user.avatarURL == nil)
            #expect(response.text.contains("\"avatar_url\":null"))
            #expect(!response.text.contains("password") && !response.text.contains("argon2"))
            let me = try await client.get(APIPath.me)
            #expect(me.status == 200)
            #expect(try me.decoded(UserBody.self) == user)
        }
    }

    @Test("A4: the database has an Argon2id hash with the configured parameters, and no password")
    func stores() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(password: "Passw0rd-stored")
            let hash = try #require(try await api.database.sql("SELECT password_hash FROM users"))
            #expect(hash.hasPrefix("$argon2id$v=19$m=8192,t=1,p=1$"))
            #expect(try await api.database.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            let everything = try await api.database.sql(
                "SELECT (SELECT string_agg(u::text, ' ') FROM users u) || (SELECT string_agg(s::text, ' ') FROM sessions s)"
            )
            #expect(everything?.contains("Passw0rd-stored") == false)
        }
    }

    // D5: The table does not contain usable tokens.
    @Test("D5: the session's row has the SHA-256 of the token and not the token")
    func storesTokenHash() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            let digest = TokenHash(of: Secret(token)).bytes.map { String(format: "%02x", $0) }.joined()
            #expect(try await api.database.sql("SELECT encode(token_hash, 'hex') FROM sessions") == digest)
            #expect(try await api.database.sql("SELECT s::text FROM sessions s")?.contains(token) == false)
        }
    }

    @Test(
        "W52 A constraint or trigger of another program results in 503, and its text is not shown",
        arguments: [
            "ALTER TABLE users ADD CONSTRAINT hush CHECK (name <> 'Ada')", "CREATE UNIQUE INDEX hush ON users ((1))",
            "ALTER TABLE users ALTER COLUMN name TYPE varchar(2)",
            """
            CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN RAISE 'hush %', NEW; END$$;
            CREATE TRIGGER hush BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION hush()
            """,
        ]
    )
    func rulesOfOtherPrograms(change: String) async throws {
        try await TestAPI.with { api in
            if change.contains("UNIQUE") { _ = try await api.registered(email: "first@example.com") }
            try await api.database.sql(change)
            let response = try await api.client().post(APIPath.register, Self.good)
            #expect(response.status == 503)
            #expect(!response.text.contains("hush"))
            #expect(!api.logs.all.joined().contains("ada@example.com"))
        }
    }

    @Test("A2: A taken email address is rejected with 409, regardless of case")
    func taken() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(email: "ada@example.com")
            for email in ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@example.com"] {
                let response = try await api.client().post(
                    APIPath.register,
                    ["email": email, "password": "Different1", "name": "Eve"]
                )
                #expect(response.status == 409)
                #expect(try response.problem.code == .emailTaken)
                #expect(try response.fieldCodes == ["email taken"])
                #expect(response.all("Set-Cookie").isEmpty)
            }
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "1")
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
        }
    }

    @Test("A2: Of concurrent registrations with one email address, exactly one succeeds")
    func race() async throws {
        try await TestAPI.with(["HASHING_QUEUE": "100"]) { api in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        let email = index.isMultiple(of: 2) ? "ada@example.com" : "Ada@Example.com"
                        return try await api.client().post(
                            APIPath.register,
                            ["email": email, "password": "Correct-Horse-7", "name": "Ada \(index)"]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "1")
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
        }
    }

    private static let faulty: [(changes: [String: String], codes: [String])] = [
        (["email": "ada@@example.com"], ["email invalid_email"]),
        (["email": "ada@example.com\r\nBcc: x@y.zz"], ["email invalid_email"]),
        (["email": String(repeating: "a", count: 243) + "@example.com"], ["email too_long"]),
        (["email": "ada@bücher.example"], ["email invalid_email"]),
        (["email": "ada@example.com."], ["email invalid_email"]),
        (["email": "ada\u{0}@example.com"], ["email invalid_email"]),
        (["email": ""], ["email required"]),
        (["password": ""], ["password required"]),
        (
            ["password": "."],
            [
                "password too_short", "password missing_uppercase", "password missing_lowercase",
                "password missing_digit",
            ]
        ),
        (["password": "Aa1bcde"], ["password too_short"]),
        (["password": "Aa1" + String(repeating: "x", count: 126)], ["password too_long"]),
        (["password": "Password1!"], ["password too_common"]),
        (["email": "Ada.1815@example.com", "password": "Ada.1815@example.com"], ["password too_common"]),
        (["name": ""], ["name required"]),
        (["name": String(repeating: "n", count: 201)], ["name too_long"]),
        (["name": "Ada\u{0}"], ["name invalid_character"]),
        (["name": "Ada\r\nX"], ["name invalid_character"]),
        (["name": "abc\u{202E}def"], ["name invalid_character"]),
        (
            ["email": "x", "password": "", "name": " "],
            ["email invalid_email", "name required", "password required"]
        ),
    ]

    @Test("A2, A3: Every invalid field is named, with every violated rule")
    func namesFields() async throws {
        try await TestAPI.with { api in
            let client = api.client()
            for (changes, codes) in Self.faulty {
                let response = try await client.post(APIPath.register, Self.good.merging(changes) { $1 })
                #expect(response.status == 422)
                #expect(try response.problem.code == .invalidFields)
                #expect(try response.fieldCodes == codes)
            }
            #expect(try await api.database.sql("SELECT count(*) FROM users") == "0")
        }
    }

    @Test(
        "Unusual but valid names are accepted",
        arguments: ["A", String(repeating: "n", count: 200), "אב\u{200F}", "<script>alert(1)</script>", "山田 太郎", "👩‍👩‍👧"]
    )
    func unusualNames(name: String) async throws {
        try await TestAPI.with { api in
            let client = try await api.registered(name: name)
            #expect(try await client.get(APIPath.me).decoded(UserBody.self).name == name)
        }
    }

    // Nothing is truncated.
    @Test(
        "A3: Unusual passwords work, and must match exactly",
        arguments: [
            ("Aa1" + String(repeating: "x", count: 125), "Aa1" + String(repeating: "x", count: 124) + "y"),
            ("Aa1😀😀😀😀😀", "Aa1😀😀😀😀😁"),
            ("Aa1\u{0}bcdef", "Aa1\u{0}bcdeg"),
            ("  Aa1bcd  ", "Aa1bcd"),
        ]
    )
    func unusualPasswords(password: String, other: String) async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(password: password)
            func status(_ password: String) async throws -> Int {
                try await api.client().post(APIPath.login, ["email": "ada@example.com", "password": password]).status
            }
            #expect(try await status(password) == 200)
            #expect(try await status(other) == 401)
        }
    }

    @Test("A3: composed and decomposed forms are the same password")
    func normalisation() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(password: "Pa\u{DF}w0rt\u{E9}\u{F1}")
            let decomposed = try await api.client().post(
                APIPath.login,
                ["email": "ada@example.com", "password": "Pa\u{DF}w0rte\u{301}n\u{303}"]
            )
            #expect(decomposed.status == 200)
        }
    }

    @Test("W20: The API cleans email addresses by the same test table as the pages, at registration and sign-in")
    func emailTable() async throws {
        struct Row: Decodable {
            let typed: String
            let address: String?
            let fault: String?
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Support/email_addresses.json").standardized
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: file))
        let limits = ["REGISTRATION_LIMIT_NETWORK": "1000/60", "LOGIN_LIMIT_NETWORK": "1000/60"]
        try await TestAPI.with(limits) { api in
            _ = try await api.registered(email: "yoshi@example.com")
            for row in rows {
                let body = ["email": row.typed, "password": "Correct-Horse-7"]
                let login = try await api.client().post(APIPath.login, body)
                if row.fault != nil {
                    #expect(login.status == 422, "\(row.typed.debugDescription)")
                    #expect(try login.fieldCodes == ["email invalid_email"])
                } else if row.address == "yoshi@example.com" {
                    #expect(login.status == 200, "\(row.typed.debugDescription)")
                } else {
                    #expect(login.status == 401)
                }
            }
            let again = ["email": "Ｙｏｓｈｉ@exam\u{AD}ple.com", "password": "Correct-Horse-7", "name": "Y"]
            #expect(try await api.client().post(APIPath.register, again).status == 409)
            let other = ["email": "\u{FEFF}ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "password": "Correct-Horse-7", "name": "A"]
            let made = try await api.client().post(APIPath.register, other)
            #expect(try made.decoded(UserBody.self).email == "ada@example.com")
            #expect(UserReference("\u{200B}ada@example.com\u{202C}") == UserReference("ada@example.com"))
        }
    }

    @Test("W29: The API rejects passwords built from common words, the site's host and the user's own texts")
    func commonPasswords() async throws {
        try await TestAPI.with(["PUBLIC_URL": "https://exampleshop.example"]) { api in
            for password in ["P@ssword1", "Summer2026!", "Yoshikosan1", "Exampleshop26", "Lovelace1!", "Countess1815!"]
            {
                let body = ["email": "countess@example.com", "password": password, "name": "Ada Lovelace"]
                let response = try await api.client().post(APIPath.register, body)
                #expect(try response.fieldCodes == ["password too_common"], "\(password)")
            }
        }
    }
}
