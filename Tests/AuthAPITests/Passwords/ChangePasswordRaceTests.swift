import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A sign-in with the previous password does not survive a change, in any order.
@Suite struct ChangePasswordRaceTests {
    private static let old = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let settings = [
        "DATABASE_POOL_SIZE": "4", "LOGIN_LIMIT_ACCOUNT": "100000/1", "LOGIN_LIMIT_NETWORK": "100000/1",
    ]

    private static func change(
        _ browser: TestClient,
        from current: String = "Correct-Horse-7",
        to new: String = "Battery-Staple-8"
    ) async throws -> TestResponse {
        try await browser.post(APIPath.password, ["current_password": current, "new_password": new])
    }

    @Test("A session that is stored while the password changes ends with the others")
    func signInFirst() async throws {
        try await TestAPI.with(Self.settings) { api in
            let owner = try await api.registered()
            let hold = try await TestHold.ofSignIn(in: api.database)
            let thief = api.client()
            async let signedIn = thief.post(APIPath.login, Self.old, headers: TestHold.signIn)
            try await hold.reached()
            async let changed = Self.change(owner)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (signedIn, changed)
            #expect(responses.0.status == 200 && responses.1.status == 200)
            let statuses = [try await thief.get(APIPath.me).status, try await owner.get(APIPath.me).status]
            #expect(statuses == [401, 200])
        }
    }

    @Test("A sign-in whose password was checked before the change is rejected afterwards")
    func changeFirst() async throws {
        try await TestAPI.with(Self.settings) { api in
            let owner = try await api.registered()
            let hold = try await TestHold(before: "UPDATE OF password_hash ON users", in: api.database)
            async let changed = Self.change(owner)
            try await hold.reached()
            let thief = api.client()
            async let signedIn = thief.post(APIPath.login, Self.old)
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (changed, signedIn)
            #expect(responses.0.status == 200 && responses.1.status == 401)
            #expect(try responses.1.problem.code == .invalidCredentials)
            let events = try await api.database.events()
            #expect(events.last?.summary == "sign_in_failed wrong_password")
            #expect(thief.token == nil)
            #expect(try await api.database.sql("SELECT count(*) FROM sessions") == "1")
        }
    }

    @Test("In any order, no session of the previous password remains")
    func manyTimes() async throws {
        try await TestAPI.with(Self.settings) { api in
            let owner = try await api.registered()
            var current = "Correct-Horse-7"
            for round in 1...40 {
                let next = "Battery-Staple-\(round)"
                let password = current
                let former = ["email": "ada@example.com", "password": password]
                let thieves = [api.client(), api.client(), api.client()]
                async let changed = Self.change(owner, from: password, to: next)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for thief in thieves {
                        group.addTask { try await thief.post(APIPath.login, former).status }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                let response = try await changed
                #expect(response.status == 200 && statuses.isSubset(of: [200, 401]))
                for thief in thieves {
                    let status = try await thief.get(APIPath.me).status
                    #expect(status == 401, "round \(round)")
                }
                let status = try await owner.get(APIPath.me).status
                #expect(status == 200)
                current = next
            }
        }
    }

    @Test("Of two concurrent changes, one wins and the other's session ends")
    func twoChanges() async throws {
        try await TestAPI.with(Self.settings) { api in
            let browsers = [try await api.registered(), api.client()]
            _ = try await browsers[1].post(APIPath.login, Self.old)
            let hold = try await TestHold(before: "UPDATE OF password_hash ON users", in: api.database)
            async let first = Self.change(browsers[0], to: "Battery-Staple-1")
            try await hold.reached()
            async let second = Self.change(browsers[1], to: "Battery-Staple-2")
            try await hold.blocksAnother()
            try await hold.release()
            let responses = try await (first, second)
            #expect(responses.0.status == 200 && responses.1.status == 401)
            let login = ["email": "ada@example.com", "password": "Battery-Staple-1"]
            let signedIn = try await api.client().post(APIPath.login, login)
            #expect(signedIn.status == 200)
        }
    }

    @Test("A concurrent sign-in that upgrades the hash does not make the change fail")
    func upgrade() async throws {
        try await TestDatabase.with { database in
            let owner = Locked<[RequestCookie]>([])
            try await TestAPI.with(Self.settings, database: database) { api in
                let cookies = try await api.registered().cookies
                owner.update { $0 = cookies }
            }
            let costly = Self.settings.merging(["ARGON2_ITERATIONS": "2"]) { $1 }
            try await TestAPI.with(costly, database: database) { api in
                let browser = api.client()
                for cookie in owner.value { browser.keep(cookie) }
                // The sign-in upgrades the hash after the change has read it and before its transaction.
                let hold = try await TestHold.ofSignIn(in: database)
                async let signedIn = api.client().post(APIPath.login, Self.old, headers: TestHold.signIn)
                try await hold.reached()
                async let changed = Self.change(browser)
                try await hold.blocksAnother()
                try await hold.release()
                let responses = try await (signedIn, changed)
                #expect(responses.0.status == 200 && responses.1.status == 200)
            }
        }
    }

    @Test("Concurrent sign-ins of one user that upgrade the hash do not deadlock")
    func upgradesTogether() async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(Self.settings, database: database) { api in _ = try await api.registered() }
            let costly = Self.settings.merging(["ARGON2_ITERATIONS": "2"]) { $1 }
            try await TestAPI.with(costly, database: database) { api in
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 1...6 { group.addTask { try await api.client().post(APIPath.login, Self.old).status } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses == Array(repeating: 200, count: 6))
            }
        }
    }
}
