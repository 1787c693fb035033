import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Disabling users, changing their email address, allowing identities, exporting (D6).
@Suite struct UserStateTests {
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let ada = UserReference("ada@example.com")

    @Test("A disabled user's sessions end at once, and only the correct password gets the reason")
    func disable() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let ada = try await api.registered()
            let eve = try await api.registered(email: "eve@example.com")
            let reference = try #require(Self.ada)
            let change = try await operators.run { try await $0.disable(reference) }
            #expect(change == UserStateChange(email: "ada@example.com", isNew: true, sessions: 1))
            let me = try await ada.get(APIPath.me)
            #expect(me.status == 401)
            let other = try await eve.get(APIPath.me)
            #expect(other.status == 200)

            let correct = try await api.client().post(APIPath.login, Self.login)
            #expect(correct.status == 403)
            #expect(try correct.problem.code == .accountDisabled)
            #expect(correct.all("Set-Cookie").isEmpty)
            let wrong = try await api.client().post(
                APIPath.login,
                Self.login.merging(["password": "Wrong-Horse-7"]) { $1 }
            )
            let unknown = try await api.client().post(
                APIPath.login,
                Self.login.merging(["email": "x@example.com"]) { $1 }
            )
            #expect(wrong.status == 401)
            #expect(try wrong.problem.code == .invalidCredentials)
            #expect(try wrong.problem.detail == unknown.problem.detail)

            let again = try await operators.run { try await $0.disable(reference) }
            #expect(again == UserStateChange(email: "ada@example.com", isNew: false))
            let enabled = try await operators.run { try await $0.enable(reference) }
            #expect(enabled?.isNew == true)
            let signedIn = try await api.client().post(APIPath.login, Self.login)
            #expect(signedIn.status == 200)
            let before = try await ada.get(APIPath.me)
            #expect(before.status == 401)
            let notDisabled = try await operators.run { try await $0.enable(reference) }
            #expect(notDisabled?.isNew == false)
            let nobody = try #require(UserReference("nobody@example.com"))
            #expect(try await operators.run { try await $0.disable(nobody) } == nil)
            #expect(try await operators.run { try await $0.enable(nobody) } == nil)

            let events = try await api.database.sql(
                """
                SELECT string_agg(event || coalesce(' ' || detail, ''), ', ' ORDER BY id) FROM audit_events
                WHERE event IN ('user_disabled', 'user_enabled', 'session_ended')
                    OR event = 'sign_in_failed' AND detail = 'user_disabled'
                """
            )
            #expect(
                events
                    == "user_disabled, session_ended user_disabled, sign_in_failed user_disabled, user_enabled"
            )
        }
    }

    @Test("A session that is stored while its user is being disabled is never accepted")
    func disableRacesSignIn() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let ada = try await api.registered()
            let reference = try #require(Self.ada)
            let rows = "SELECT token_hash, user_id, created_at, expires_at FROM sessions"
            try await api.database.sql("CREATE TABLE kept AS \(rows)")
            _ = try await operators.run { try await $0.disable(reference) }
            // The session that a sign-in in progress would store.
            try await api.database.sql(
                "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) SELECT * FROM kept"
            )
            let disabled = try await ada.get(APIPath.me)
            #expect(disabled.status == 401)
            let change = try await operators.run { try await $0.enable(reference) }
            #expect(change == UserStateChange(email: "ada@example.com", isNew: true, sessions: 1))
            let enabled = try await ada.get(APIPath.me)
            #expect(enabled.status == 401)
        }
    }

    @Test("Correct passwords of a disabled account take no attempts")
    func disabledUsesNoAttempts() async throws {
        try await TestAPI.with(["LOGIN_LIMIT_ACCOUNT": "2/60000"]) { api in
            let operators = Operators(database: api.database)
            _ = try await api.registered()
            let reference = try #require(Self.ada)
            _ = try await operators.run { try await $0.disable(reference) }
            for _ in 1...4 {
                let response = try await api.client().post(APIPath.login, Self.login)
                #expect(response.status == 403)
            }
        }
    }

    @Test("No provider account, linked or linkable by email, signs in to a disabled account")
    func disableProviders() async throws {
        try await OAuthSite.with { site in
            let operators = Operators(database: site.api.database)
            let browser = site.api.client()
            try await site.signIn(.google, in: browser)
            let user = try #require(try await site.user(of: browser))
            let reference = try #require(UserReference(user.id))
            _ = try await operators.run { try await $0.disable(reference) }
            let response = try await site.signIn(.google, in: site.api.client())
            expectFailure(.accountDisabled, response, in: site)
            // Another provider account with the same address, for which Google is the authority, links nothing either.
            try await site.sql("DELETE FROM oauth_accounts")
            let linking = try await site.signIn(.google, in: site.api.client())
            #expect(linking.failure == .accountDisabled || linking.failure == .accountExists)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "0")
            _ = try await operators.run { try await $0.enable(reference) }
        }
    }

    @Test("A new email address must be free, counts as unverified, and is used to sign in")
    func setEmail() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let ada = try await api.registered()
            _ = try await api.registered(email: "eve@example.com")
            try await api.database.sql("UPDATE users SET email_verified_at = now()")
            let reference = try #require(Self.ada)
            let taken = try EmailAddress("EVE@example.com")
            await #expect(throws: APIError.self) {
                _ = try await operators.run { try await $0.setEmail(of: reference, to: taken) }
            }
            let free = try EmailAddress("Ada.Lovelace@example.com")
            let changed = try #require(try await operators.run { try await $0.setEmail(of: reference, to: free) })
            #expect(changed.email == "ada.lovelace@example.com" && changed.emailVerifiedAt == nil)
            // Sessions stay.
            let me = try await ada.get(APIPath.me).decoded(UserBody.self)
            #expect(me.email == "ada.lovelace@example.com")
            let old = try await api.client().post(APIPath.login, Self.login)
            #expect(old.status == 401)
            let new = try await api.client().post(APIPath.login, Self.login.merging(["email": free.value]) { $1 })
            #expect(new.status == 200)
            // The event is found by the previous address, although the address is not stored.
            let subject = try await operators.run { service in
                service.audit.keys.account(try EmailAddress("ada@example.com")).bytes
                    .map { String(format: "%02x", $0) }.joined()
            }
            let found =
                "SELECT count(*) FROM audit_events WHERE event = 'email_changed' AND encode(subject, 'hex') = '\(subject)'"
            #expect(try await api.database.sql(found) == "1")
            let gone = try await operators.run { try await $0.setEmail(of: reference, to: free) }
            #expect(gone == nil)
        }
    }

    @Test("Of two users who are given the same email address concurrently, one gets it")
    func setEmailRace() async throws {
        try await Operators.with { operators in
            let ids = try await operators.addUsers(["a@example.com", "b@example.com"])
            let wanted = try EmailAddress("c@example.com")
            let done = await withTaskGroup(of: Bool.self) { tasks in
                for id in ids {
                    tasks.addTask {
                        do {
                            _ = try await operators.run { try await $0.setEmail(of: .id(id), to: wanted) }
                            return true
                        } catch { return false }
                    }
                }
                return await tasks.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(done == 1)
            let count = try await operators.database.sql("SELECT count(*) FROM users WHERE email = 'c@example.com'")
            #expect(count == "1")
        }
    }

    @Test("An operator can allow a disconnected identity again, by the rules for new ones")
    func allowIdentity() async throws {
        try await OAuthSite.with { site in
            let operators = Operators(database: site.api.database)
            let browser = try await site.api.registered()
            try await site.link(.discord, in: browser) { $0.email = "other@example.com" }
            let identity = try #require(try await site.methods(of: browser).identities.first)
            #expect(try await browser.delete(APIPath.identity(identity.id)).status == 204)
            let rejected = try await site.signIn(.discord, in: site.api.client()) { $0.email = "other@example.com" }
            expectFailure(.identityDisconnected, rejected, in: site)
            let reference = try #require(Self.ada)
            #expect(try await operators.run { try await $0.allowIdentities(of: reference, at: .google) } == 0)
            #expect(try await operators.run { try await $0.allowIdentities(of: reference, at: .discord) } == 1)
            let newcomer = site.api.client()
            try await site.signIn(.discord, in: newcomer) { $0.email = "other@example.com" }
            let user = try #require(try await site.user(of: newcomer))
            #expect(user.email == "other@example.com")
        }
    }

    @Test("The export of one user has everything except secrets")
    func export() async throws {
        try await OAuthSite.with { site in
            let operators = Operators(database: site.api.database)
            let browser = try await site.api.registered()
            try await site.link(.google, in: browser)
            let reference = try #require(Self.ada)
            let export = try #require(try await operators.run { try await $0.export(reference) })
            let json = try JSONText.of(export)
            #expect(export.identities.map(\.provider) == ["google"] && export.sessions.count == 1)
            #expect(
                Set(export.auditEvents.map(\.event)).isSuperset(of: ["registered", "signed_in", "provider_linked"])
            )
            for secret in ["argon2", "token_hash", "access_token", "refresh_token"] { #expect(!json.contains(secret)) }
            let nobody = try #require(UserReference("nobody@example.com"))
            #expect(try await operators.run { try await $0.export(nobody) } == nil)
        }
    }
}
