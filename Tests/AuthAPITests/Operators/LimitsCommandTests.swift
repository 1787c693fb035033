import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Listing and clearing rate limits (A17).
@Suite struct LimitsCommandTests {
    private static let settings = [
        "LOGIN_LIMIT_ACCOUNT": "2/60000", "LOGIN_LIMIT_DEVICE": "1/60000", "LOGIN_LIMIT_NETWORK": "3/60000",
        "REGISTRATION_LIMIT_NETWORK": "5/60000",
    ]
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let wrong = ["email": "ada@example.com", "password": "Wrong-Horse-7"]

    @Test("An exceeded limit shows its subject; others only when the subject is named")
    func list() async throws {
        try await TestAPI.with(Self.settings) { api in
            let operators = Operators(database: api.database)
            _ = try await api.registered()
            let headers = [("X-Real-IP", "203.0.113.7")]
            let first = try await api.client().post(APIPath.login, Self.wrong, headers: headers)
            #expect(first.status == 401)
            let unmet = try await operators.run(Self.settings) { try await $0.limits(of: nil, limit: 10) }
            #expect(Set(unmet.map(\.kind)) == ["account", "network", "registration"])
            #expect(unmet.allSatisfy { $0.subjectLabel.hasPrefix("#") && $0.used == 1 && $0.wait == 0 })
            for expected in [401, 429] {
                let response = try await api.client().post(APIPath.login, Self.wrong, headers: headers)
                #expect(response.status == expected)
            }
            let limits = try await operators.run(Self.settings) { try await $0.limits(of: nil, limit: 10) }
            let account = try #require(limits.first { $0.kind == "account" })
            #expect(account.email == "ada@example.com" && account.used == 2 && account.attempts == 2)
            #expect((29_000...30_000).contains(account.wait))
            let target = try LimitTarget(argument: "203.0.113.99")
            let network = try await operators.run(Self.settings) { try await $0.limits(of: target, limit: 10) }
            #expect(network.map(\.kind) == ["network"] && network.map(\.network) == ["203.0.113.0/24"])
            #expect(network.map(\.used) == [2])
            let one = try await operators.run(Self.settings) { try await $0.limits(of: nil, limit: 1) }
            #expect(one.count == 1)
        }
    }

    @Test("Clearing an account clears its limits and those of its known browsers, and no others")
    func clear() async throws {
        try await TestAPI.with(Self.settings) { api in
            let operators = Operators(database: api.database)
            let owner = try await api.registered()
            let headers = [("X-Real-IP", "203.0.113.7")]
            // The browser's name is in the audit trail once it has signed in.
            #expect(try await owner.post(APIPath.login, Self.login).status == 200)
            #expect(try await owner.post(APIPath.login, Self.wrong).status == 401)
            #expect(try await owner.post(APIPath.login, Self.login).status == 429)
            for expected in [401, 401, 429] {
                let response = try await api.client().post(APIPath.login, Self.wrong, headers: headers)
                #expect(response.status == expected)
            }
            let account = try LimitTarget(argument: "ADA@example.com")
            #expect(try await operators.run(Self.settings) { try await $0.clearLimits(of: account) } == 2)
            #expect(try await operators.run(Self.settings) { try await $0.clearLimits(of: account) } == 0)
            #expect(try await owner.post(APIPath.login, Self.login).status == 200)
            // The network has one attempt left, as before.
            for expected in [401, 429] {
                let response = try await api.client().post(APIPath.login, Self.wrong, headers: headers)
                #expect(response.status == expected)
            }
            #expect(try LimitTarget(argument: "[2001:db8::7]") == LimitTarget(argument: "2001:db8::7"))
            let network = try LimitTarget(argument: " 203.0.113.250 ")
            #expect(try await operators.run(Self.settings) { try await $0.clearLimits(of: network) } == 1)
            let response = try await api.client().post(APIPath.login, Self.login, headers: headers)
            #expect(response.status == 200)
            let events = "SELECT count(*) FROM audit_events WHERE event = 'limit_cleared'"
            #expect(try await api.database.sql(events) == "3")
            #expect(try await api.database.sql(events + " AND user_id IS NOT NULL") == "2")
        }
    }
}
