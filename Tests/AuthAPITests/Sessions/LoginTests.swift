import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A4, A5: signing in with email and password.
@Suite struct LoginTests {
    @Test("A5: 200 with the user, no hash, and a cookie that works")
    func signsIn() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let client = api.client()
            let response = try await client.post(
                APIPath.login,
                ["email": " ADA@example.com", "password": "Correct-Horse-7"]
            )
            #expect(response.status == 200)
            #expect(try response.decoded(UserBody.self).email == "ada@example.com")
            #expect(!response.text.contains("argon2"))
            #expect(try await client.get(APIPath.me).status == 200)
        }
    }

    @Test("A5: A wrong email address, a wrong password and an account without a password get the same response")
    func sameResponse() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            try await api.database.sql("INSERT INTO users (email, name) VALUES ('oauth@example.com', 'Only OAuth')")
            var responses: Set<String> = []
            for email in ["ada@example.com", "nobody@example.com", "oauth@example.com"] {
                let response = try await api.client().post(APIPath.login, ["email": email, "password": "Wrong-pass1"])
                #expect(response.status == 401)
                #expect(response.all("Set-Cookie").isEmpty)
                let problem = try response.problem
                #expect(problem.code == .invalidCredentials)
                responses.insert(response.text.replacing(problem.requestID, with: ""))
            }
            #expect(responses.count == 1)
        }
    }

    // The test counts the work instead of measuring the time.
    @Test("A5: An unknown email address also costs a hash")
    func hashesForUnknown() async throws {
        try await TestAPI.with(["HASHING_THREADS": "1", "HASHING_QUEUE": "1"]) { api in
            let gate = Gate()
            // Occupy the only thread and the only place in the queue: a sign-in that needs a hash is rejected.
            let busy = Task { try await api.app.hashing.perform { gate.wait() } }
            await gate.entered()
            let waiting = Task { try await api.app.hashing.perform {} }
            try await eventually("a job waits") { api.app.hashing.snapshot.waiting >= 1 }
            for email in ["nobody@example.com", "ada@example.com"] {
                let response = try await api.client().post(
                    APIPath.login,
                    ["email": email, "password": "Correct-Horse-7"]
                )
                #expect(response.status == 503)
                #expect(try response.problem.code == .overloaded)
                #expect(Int(try #require(response.header("Retry-After"))) ?? 0 >= 1)
            }
            // Requests without a hash are served.
            #expect(try await api.client().get(APIPath.health).status == 200)
            #expect(try await api.client().get(APIPath.me).status == 401)
            gate.open()
            try await busy.value
            try await waiting.value
            let after = try await api.client().post(
                APIPath.login,
                ["email": "nobody@example.com", "password": "Correct-Horse-7"]
            )
            #expect(after.status == 401)
        }
    }

    @Test("A5: Invalid fields are named")
    func namesFields() async throws {
        try await TestAPI.with { api in
            let client = api.client()
            let empty = try await client.post(APIPath.login, ["email": "", "password": ""])
            #expect(empty.status == 422)
            #expect(try empty.fieldCodes == ["email required", "password required"])
            let long = try await client.post(
                APIPath.login,
                ["email": "ada@example.com", "password": String(repeating: "x", count: 1025)]
            )
            #expect(try long.fieldCodes == ["password too_long"])
        }
    }

    // A4; the password of this hash is "Imported-Passw0rd", made by another implementation with cost 4.
    @Test("A4: a bcrypt hash of an imported user verifies and is upgraded", arguments: ["2a", "2b", "2y"])
    func upgradesBcrypt(prefix: String) async throws {
        try await TestAPI.with { api in
            let hash = Self.bcrypt.replacing("$2b$", with: "$\(prefix)$")
            try await api.database.sql(
                "INSERT INTO users (email, name, password_hash) VALUES ('old@example.com', 'Old', '\(hash)')"
            )
            let login = ["email": "old@example.com", "password": "Imported-Passw0rd"]
            let wrong = try await api.client().post(
                APIPath.login,
                login.merging(["password": "imported-Passw0rd"]) { $1 }
            )
            #expect(wrong.status == 401)
            #expect(try await api.database.sql("SELECT password_hash FROM users") == hash)
            #expect(try await api.client().post(APIPath.login, login).status == 200)
            let upgraded = try await api.database.sql("SELECT password_hash FROM users")
            #expect(upgraded?.hasPrefix("$argon2id$v=19$m=8192,t=1,p=1$") == true)
            #expect(try await api.client().post(APIPath.login, login).status == 200)
            #expect(try await api.database.sql("SELECT password_hash FROM users") == upgraded)
        }
    }

    // An upgrade depends on the parameters, not only on the algorithm.
    @Test("A4: a hash is upgraded when the configured cost rises, and never when it falls")
    func upgradesParameters() async throws {
        try await TestDatabase.with { database in
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            func prefix() async throws -> String? {
                try await database.sql("SELECT substring(password_hash for 30) FROM users")
            }
            try await TestAPI.with(database: database) { api in _ = try await api.registered() }
            #expect(try await prefix()?.hasPrefix("$argon2id$v=19$m=8192,t=1,p=1$") == true)
            try await TestAPI.with(["ARGON2_ITERATIONS": "2"], database: database) { api in
                let response = try await api.client().post(APIPath.login, login)
                #expect(response.status == 200)
            }
            #expect(try await prefix()?.hasPrefix("$argon2id$v=19$m=8192,t=2,p=1$") == true)
            try await TestAPI.with(database: database) { api in
                let response = try await api.client().post(APIPath.login, login)
                #expect(response.status == 200)
            }
            #expect(try await prefix()?.hasPrefix("$argon2id$v=19$m=8192,t=2,p=1$") == true)
        }
    }

    private static let bcrypt = "$2b$04$if4Zx6lFoXRZtqgxQGiTPOAGF7loBa232yZeFFlMX4ce3S1vmH3Aa"

    @Test("A5, W17: An account that is deleted while its password is checked is rejected like an unknown one")
    func deletedMeanwhile() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4", "LOGIN_LIMIT_ACCOUNT": "1/600"]) { api in
            _ = try await api.registered()
            let hold = try await TestHold(before: "DELETE ON users", in: api.database)
            async let deletion = api.database.sql("DELETE FROM users")
            try await hold.reached()
            let (events, rejected) = try await api.database.events {
                let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
                async let signedIn = api.client().post(APIPath.login, login)
                try await hold.blocksAnother()
                try await hold.release()
                return try await signedIn
            }
            _ = try await deletion
            #expect(rejected.status == 401 && rejected.header("Set-Cookie") == nil)
            #expect(try rejected.problem.code == .invalidCredentials)
            #expect(events.map(\.summary) == ["sign_in_failed unknown_account"])
        }
    }
}
