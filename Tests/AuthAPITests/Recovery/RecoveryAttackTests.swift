import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Attacks on one-time links for a new password.
@Suite struct RecoveryAttackTests {
    private static let old = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let new = ["email": "ada@example.com", "password": "Battery-Staple-8"]

    @Test("Of many concurrent uses of one code, one sets the password")
    func usedTwice() async throws {
        try await TestAPI.with(["HASHING_QUEUE": "100", "DATABASE_POOL_SIZE": "8"]) { api in
            _ = try await api.registered()
            let code = try await api.recoveryCode()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<6 {
                    group.addTask { try await api.recover(code, password: "Battery-Staple-\(index)").status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [204, 403, 403, 403, 403, 403])
            #expect(
                try await api.database.sql("SELECT count(*) FROM audit_events WHERE event = 'password_changed'") == "1"
            )
        }
    }

    @Test("Changing the password revokes a link")
    func ownerChangesPassword() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            let code = try await api.recoveryCode()
            let body = ["current_password": "Correct-Horse-7", "new_password": "Battery-Staple-8"]
            #expect(try await owner.post(APIPath.password, body).status == 200)
            #expect(try await api.recover(code, password: "Stolen-Link-9-Used").status == 403)
            #expect(try await api.database.sql("SELECT count(*) FROM password_recoveries") == "0")
            #expect(try await api.client().post(APIPath.login, Self.new).status == 200)
        }
    }

    @Test("Using a code while a newer link is created, or the user is disabled, is atomic")
    func races() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            _ = try await api.registered()
            let operators = Operators(database: api.database)
            let ada = try #require(UserReference("ada@example.com"))
            let code = try await api.recoveryCode()
            let hold = try await TestHold(before: "DELETE ON password_recoveries", in: api.database)
            async let response = api.recover(code)
            try await hold.reached()
            async let disabled = operators.run { try await $0.disable(ada) }
            try await hold.blocksAnother()
            try await hold.release()
            #expect(try await response.status == 204)
            #expect(try await disabled?.isNew == true)
            #expect(try await api.client().post(APIPath.login, Self.new).status == 403)
        }
    }

    @Test("A concurrent sign-in with the previous password does not survive, in any order")
    func racesSignIn() async throws {
        try await TestAPI.with(["DATABASE_POOL_SIZE": "4"]) { api in
            _ = try await api.registered()
            let code = try await api.recoveryCode()
            let hold = try await TestHold.ofSignIn(in: api.database)
            let thief = api.client()
            async let signedIn = thief.post(APIPath.login, Self.old, headers: TestHold.signIn)
            try await hold.reached()
            async let recovered = api.recover(code)
            try await hold.blocksAnother()
            try await hold.release()
            #expect(try await signedIn.status == 200)
            #expect(try await recovered.status == 204)
            let me = try await thief.get(APIPath.me)
            #expect(me.status == 401)
        }
    }

    @Test("The account's rate limit is cleared, and its known browsers are forgotten")
    func limitsAndDevices() async throws {
        try await TestAPI.with(["LOGIN_LIMIT_ACCOUNT": "2/60000", "LOGIN_LIMIT_DEVICE": "5/60000"]) { api in
            api.clock.advance(by: -60)
            let known = try await api.registered()
            api.clock.advance(by: 60)
            func guess(_ browser: TestClient) async throws -> Int {
                try await browser.post(APIPath.login, Self.old.merging(["password": "Wrong-Horse-7"]) { $1 }).status
            }
            for expected in [401, 401, 429] { #expect(try await guess(api.client()) == expected) }
            #expect(try await guess(known) == 401)
            let code = try await api.recoveryCode()
            #expect(try await api.recover(code).status == 204)
            // Both now use the attempts of unknown browsers, of which there are two.
            for expected in [401, 401, 429] { #expect(try await guess(known) == expected) }
            #expect(try await guess(api.client()) == 429)
            // Signing in makes a browser known again, from the next second on.
            api.clock.advance(by: 1)
            let operators = Operators(database: api.database)
            let target = try LimitTarget(argument: "ada@example.com")
            _ = try await operators.run { try await $0.clearLimits(of: target) }
            #expect(try await known.post(APIPath.login, Self.new).status == 200)
            for expected in [401, 401, 429] { #expect(try await guess(api.client()) == expected) }
            #expect(try await guess(known) == 401)
        }
    }

    @Test("Guessing codes is limited by network")
    func bruteForce() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let code = try await api.recoveryCode()
            for _ in 1...ThrottleLimits().recovery.attempts {
                let wrong = OneTimeCode().text.value
                try expectInvalidRecovery(await api.recover(wrong, from: "198.51.100.7"))
            }
            let limited = try await api.recover(code, from: "198.51.100.99")
            #expect(limited.status == 429 && limited.header("Retry-After") != nil)
            let target = try LimitTarget(argument: "198.51.100.1")
            let limits = try await Operators(database: api.database).run { try await $0.limits(of: target, limit: 5) }
            #expect(limits.map(\.kind) == ["recovery"])
            // Other networks and the sign-in are not affected.
            #expect(try await api.recover(code, from: "203.0.113.7").status == 204)
        }
    }

    @Test("A code stays valid after a rotation of SECRET_KEY, while the previous key is known")
    func rotation() async throws {
        try await TestDatabase.with { database in
            let code = Locked("")
            try await TestAPI.with(database: database) { api in
                _ = try await api.registered()
                let made = try await api.recoveryCode()
                code.update { $0 = made }
            }
            let rotated = [
                "SECRET_KEY": "Zq5-Kx3Jm2Vt7_Qr8Lw9Yp4Nc1Hd6Fb0Sg", "SECRET_KEY_PREVIOUS": TestAPI.secretKey,
            ]
            try await TestAPI.with(rotated, database: database) { api in
                let response = try await api.recover(code.value)
                #expect(response.status == 204)
            }
        }
    }

    @Test("A code is valid for one purpose only")
    func purposes() {
        let code = OneTimeCode()
        let recovery = OneTimeCodeKeys(for: .recoveryCodes, from: TestAPI.secretKeys)
        let invite = OneTimeCodeKeys(for: .inviteCodes, from: TestAPI.secretKeys)
        #expect(recovery.hash(code) != invite.hash(code))
        #expect(OneTimeCode().text.value != OneTimeCode().text.value)
        #expect(!String(describing: code).contains(code.text.value))
    }
}
