import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A17: Guessing is rate-limited across replicas, and users cannot be locked out.
@Suite struct GuessingTests {
    private static let limits = [
        "LOGIN_LIMIT_ACCOUNT": "3/30000", "LOGIN_LIMIT_DEVICE": "2/20000", "LOGIN_LIMIT_NETWORK": "6/60000",
        "REGISTRATION_LIMIT_NETWORK": "4/40000",
    ]

    private func with(_ body: @Sendable (TestAPI) async throws -> Void) async throws {
        try await TestAPI.with(Self.limits, body)
    }

    /// A browser at another address, which the reverse proxy (here: loopback) sets.
    private func signIn(
        _ client: TestClient,
        _ email: String,
        _ password: String = "Wrong-Horse-7",
        from address: String = "203.0.113.7"
    ) async throws -> TestResponse {
        try await client.post(
            APIPath.login,
            ["email": email, "password": password],
            headers: [("X-Real-IP", address)]
        )
    }

    @Test(
        "A17 After the allowed failures, an account rejects unknown browsers until time has passed"
    )
    func account() async throws {
        try await with { api async throws in
            _ = try await api.registered(email: "ada@example.com")
            for number in 1...3 {
                let response = try await signIn(api.client(), "ada@example.com", from: "203.0.\(number).7")
                #expect(response.status == 401)
            }
            // Even the correct password gets the same response in an unknown browser.
            let rejected = try await signIn(api.client(), "ada@example.com", "Correct-Horse-7", from: "198.51.100.7")
            #expect(rejected.status == 429)
            #expect(try rejected.problem.code == .tooManyRequests)
            let wait = try #require(rejected.header("Retry-After").flatMap { Int($0) })
            #expect((9000...10_000).contains(wait))
            api.clock.advance(by: 10_000)
            let response = try await signIn(api.client(), "ada@example.com", "Correct-Horse-7", from: "198.51.100.7")
            #expect(response.status == 200)
        }
    }

    @Test("A17 An attacker cannot lock the user out: a known browser has separate attempts")
    func device() async throws {
        try await with { api async throws in
            let owner = try await api.registered(email: "ada@example.com")
            for number in 1...9 { _ = try await signIn(api.client(), "ada@example.com", from: "203.0.\(number).7") }
            // From the attacker's network, too.
            for _ in 1...9 { _ = try await signIn(api.client(), "eve@example.com", from: "203.0.113.9") }
            let response = try await signIn(owner, "ada@example.com", "Correct-Horse-7", from: "203.0.113.7")
            #expect(response.status == 200)
            for _ in 1...2 { #expect(try await signIn(owner, "ada@example.com").status == 401) }
            #expect(try await signIn(owner, "ada@example.com", "Correct-Horse-7").status == 429)
        }
    }

    @Test("A17 A browser is known for one account only, until its cookie expires")
    func deviceOfAnother() async throws {
        try await with { api async throws in
            let eve = try await api.registered(email: "eve@example.com")
            _ = try await api.registered(email: "ada@example.com")
            for _ in 1...3 { #expect(try await signIn(eve, "ada@example.com").status == 401) }
            #expect(try await signIn(eve, "ada@example.com").status == 429)
            api.clock.advance(by: TimeInterval(DeviceCookie.lifetime))
            for _ in 1...3 { #expect(try await signIn(eve, "eve@example.com").status == 401) }
            let response = try await signIn(api.client(), "eve@example.com", "Correct-Horse-7", from: "198.51.100.7")
            #expect(response.status == 429)
        }
    }

    @Test("A17 Unknown accounts count like others, so that the limit does not reveal which exist")
    func unknownAccount() async throws {
        try await with { api async throws in
            _ = try await api.registered(email: "ada@example.com")
            for email in ["ada@example.com", "nobody@example.com"] {
                for number in 1...3 {
                    #expect(try await signIn(api.client(), email, from: "203.0.\(number).7").status == 401)
                }
                #expect(try await signIn(api.client(), email.uppercased(), from: "198.51.100.7").status == 429)
                api.clock.advance(by: 100_000)
            }
        }
    }

    @Test("A17 A network cannot try one password on many accounts, with any of its addresses")
    func network() async throws {
        try await with { api async throws in
            for number in 1...6 {
                let response = try await signIn(api.client(), "p\(number)@example.com", from: "203.0.113.\(number)")
                #expect(response.status == 401)
            }
            #expect(try await signIn(api.client(), "p7@example.com", from: "203.0.113.77").status == 429)
            #expect(try await signIn(api.client(), "p7@example.com", from: "203.0.114.77").status == 401)
        }
    }

    @Test("A17 Correct passwords take no attempts")
    func successes() async throws {
        try await with { api async throws in
            _ = try await api.registered(email: "ada@example.com")
            for _ in 1...20 {
                #expect(try await signIn(api.client(), "ada@example.com", "Correct-Horse-7").status == 200)
            }
        }
    }

    @Test("A17 Concurrent guesses do not share an attempt")
    func burst() async throws {
        try await with { api async throws in
            _ = try await api.registered(email: "ada@example.com")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 1...20 {
                    tasks.addTask {
                        try await signIn(api.client(), "ada@example.com", from: "203.0.\(number).7").status
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 401 }.count == 3)
            #expect(statuses.filter { $0 == 429 }.count == 17)
        }
    }

    @Test("A17 Replicas share the limits, which survive a restart")
    func replicas() async throws {
        try await TestDatabase.with { database in
            for number in 1...3 {
                try await TestAPI.with(Self.limits, database: database) { api async throws in
                    #expect(try await signIn(api.client(), "ada@example.com", from: "203.0.\(number).7").status == 401)
                }
            }
            try await TestAPI.with(Self.limits, database: database) { api async throws in
                #expect(try await signIn(api.client(), "ada@example.com", from: "198.51.100.7").status == 429)
            }
        }
    }

    @Test("A17 Registrations are limited by network, including successful ones")
    func registrations() async throws {
        try await with { api async throws in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 1...6 {
                    tasks.addTask {
                        try await api.client().post(
                            APIPath.register,
                            ["email": "p\(number)@example.com", "password": "Correct-Horse-7", "name": "P"],
                            headers: [("X-Real-IP", "2001:db8:1:2::\(number)")]
                        ).status
                    }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 201 }.count == 4)
            #expect(statuses.filter { $0 == 429 }.count == 2)
        }
    }

    @Test("A17 Every documented path that accepts a password is rate-limited")
    func everyPath() async throws {
        let document = try OpenAPIDocument()
        var bodies: [String: [String]] = [:]
        for operation in document.operations {
            let schema = operation.value["requestBody"]?["content"]?["application/json"]?["schema"]
            let fields = schema.map(document.resolve)?["properties"]?.members ?? []
            guard fields.contains(where: { $0.value["format"]?.text == "password" }) else { continue }
            bodies[operation.path] = fields.map(\.name)
        }
        #expect(Set(bodies.keys) == Set(CredentialPath.api))
        let values = [
            "email": "ada@example.com", "password": "Wrong-Horse-7", "name": "Ada", "current_password": "Wrong-Horse-7",
            "new_password": "Battery-Staple-8", "code": String(repeating: "A", count: 22),
        ]
        for (path, fields) in bodies {
            try await with { api async throws in
                let client = try await api.registered()
                let body = values.filter { fields.contains($0.key) }
                #expect(body.count >= 2, "\(path) has fields that are unknown to this test")
                var statuses: [Int] = []
                // More than the largest of the limits here.
                for _ in 0...ThrottleLimits().recovery.attempts {
                    statuses.append(try await client.post(path, body).status)
                }
                #expect(statuses.contains(429), "\(path) is not throttled: \(statuses)")
            }
        }
    }
}
