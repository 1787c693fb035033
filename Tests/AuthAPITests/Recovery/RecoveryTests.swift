import Foundation
import Shared
import Testing

@testable import AuthAPI

/// One-time links with which a user who has forgotten the password sets a new one.
@Suite struct RecoveryTests {
    private static let old = ["email": "ada@example.com", "password": "Correct-Horse-7"]
    private static let new = ["email": "ada@example.com", "password": "Battery-Staple-8"]
    private static let code = "AbCdEfGhIjKl-_OpQrStUw"
    /// With a code, one byte less than the longest text.
    private static let padding = String(repeating: "\u{200B}", count: 675)

    @Test("The code sets a new password once, ends every session, and does not sign in")
    func works() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered()
            let second = api.client()
            #expect(try await second.post(APIPath.login, Self.old).status == 200)
            let other = try await api.registered(email: "eve@example.com")
            let code = try await api.recoveryCode()
            let stored = try await api.database.sql("SELECT string_agg(r::text, ' ') FROM password_recoveries r")
            #expect(stored?.contains(code) == false)

            let response = try await api.recover(code)
            #expect(response.status == 204 && response.all("Set-Cookie").isEmpty)
            for browser in [first, second] {
                let me = try await browser.get(APIPath.me)
                #expect(me.status == 401)
            }
            let bystander = try await other.get(APIPath.me)
            #expect(bystander.status == 200)
            #expect(try await api.client().post(APIPath.login, Self.old).status == 401)
            #expect(try await api.client().post(APIPath.login, Self.new).status == 200)
            try expectInvalidRecovery(await api.recover(code, password: "Another-Horse-9"))
            #expect(try await api.client().post(APIPath.login, Self.new).status == 200)

            let events = try await api.database.sql(
                """
                SELECT string_agg(event || coalesce(' ' || detail, ''), ', ' ORDER BY id) FROM audit_events
                WHERE event IN ('recovery_created', 'password_changed') OR event = 'session_ended'
                """
            )
            let ended = "session_ended password_changed"
            #expect(events == "recovery_created, password_changed by_recovery, \(ended), \(ended)")
            #expect(!api.logs.all.contains { $0.contains(code) || $0.contains("Battery-Staple") })
        }
    }

    @Test("Wrong, expired, used and replaced codes, and those of deleted and disabled users, get the same response")
    func oneResponse() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let ada = try #require(UserReference("ada@example.com"))
            let operators = Operators(database: api.database)
            for text in ["x", "=", String(repeating: "A", count: 22), String(repeating: "é", count: 500), "a b"] {
                try expectInvalidRecovery(await api.recover(text))
            }
            let replaced = try await api.recoveryCode()
            let live = try await api.recoveryCode()
            try expectInvalidRecovery(await api.recover(replaced))
            #expect(try await api.database.sql("SELECT count(*) FROM password_recoveries") == "1")

            // By the clock of the database, regardless of the server's.
            api.clock.advance(by: 7200)
            #expect(try await api.recover(live).status == 204)
            try expectInvalidRecovery(await api.recover(live))
            let expired = try await api.recoveryCode(validFor: 60)
            api.clock.advance(by: -7200)
            try await api.database.sql(
                "UPDATE password_recoveries SET created_at = now() - interval '1 h', expires_at = now()"
            )
            try expectInvalidRecovery(await api.recover(expired))

            let disabled = try await api.recoveryCode()
            _ = try await operators.run { try await $0.disable(ada) }
            try expectInvalidRecovery(await api.recover(disabled))
            _ = try await operators.run { try await $0.enable(ada) }
            try expectInvalidRecovery(await api.recover(disabled))

            let moved = try await api.recoveryCode()
            let address = try EmailAddress("ada.l@example.com")
            _ = try await operators.run { try await $0.setEmail(of: ada, to: address) }
            try expectInvalidRecovery(await api.recover(moved))
            try await api.database.sql("UPDATE users SET email = 'ada@example.com'")

            let deleted = try await api.recoveryCode()
            _ = try await operators.run { service in
                try await service.delete(try #require(try await service.store.user(ada)))
            }
            try expectInvalidRecovery(await api.recover(deleted))
            #expect(try await api.database.sql("SELECT count(*) FROM password_recoveries") == "0")
        }
    }

    @Test("A disabled user gets no link")
    func disabledUser() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            let ada = try #require(UserReference("ada@example.com"))
            let operators = Operators(database: api.database)
            let shown = try #require(try await operators.run { try await $0.recoverable(ada) })
            #expect(shown.lastSignIn != nil && shown.user.disabledAt == nil)
            _ = try await operators.run { try await $0.disable(ada) }
            let made = try await operators.run {
                try await $0.recover(shown.user, validFor: 60, keepingProviders: false)
            }
            #expect(made == nil)
        }
    }

    @Test(
        "The rules for passwords apply, and an invalid password does not use the code"
    )
    func rules() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(name: "Lovelace")
            let code = try await api.recoveryCode()
            let short = try await api.recover("x", password: "short")
            #expect(short.status == 422)
            #expect(try short.fieldCodes.contains("password too_short"))
            let invisible = try await api.recover("\u{200B}\u{3000}")
            #expect(try invisible.fieldCodes == ["code required"])
            let long = try await api.recover(String(repeating: "\u{200B}", count: 683))
            #expect(try long.fieldCodes == ["code too_long"])
            let missing = try await api.client().post(APIPath.recover, ["password": "Battery-Staple-8"])
            #expect(try missing.fieldCodes == ["code required"])
            // Words that only the account contains.
            for own in ["Lovelace1815!", "Ada@example.com1"] {
                let response = try await api.recover(code, password: own)
                #expect(response.status == 422)
                #expect(try response.fieldCodes == ["password too_common"])
            }
            try expectInvalidRecovery(await api.recover("x", password: "Lovelace1815!"))
            #expect(try await api.recover(" <http://localhost:8080/recover#code=\(code)>\u{FEFF}\n").status == 204)
        }
    }

    @Test(
        "W20: A typed or pasted code or link is cleaned like an email address",
        arguments: [
            "\(code)", "\(code)\u{200B}", "\u{FEFF}\(code)", "AbCdEfGhIjKl\u{2060}-_OpQrStUw",
            "\u{3000}\(code)\u{00A0}\r\n", "ＡｂＣｄＥｆＧｈＩｊＫｌ\u{FF0D}\u{FF3F}ＯｐＱｒＳｔＵｗ", "code=\(code)", "＝\(code)",
            "<https://auth.example.com/recover#code=\(code)>", " < https://auth.example.com/recover#code=\(code) >\n",
            "＜https://auth.example.com/recover＃code＝\(code)＞\u{200B}", "\(code)\(padding)",
        ]
    )
    func cleaned(text: String) { #expect(OneTimeCode(typed: text)?.text.value == Self.code) }

    @Test(
        "W20: Cleaning accepts nothing else, and no text that is too long",
        arguments: [
            "", "<", "<>", "=", "<\(code)", "\(code)>", "<<\(code)>>", "\(code).", "\(code)=",
            "AbCdEfGhIjKl -_OpQrStUw", "AbCdEfGhIjKl\u{2212}_OpQrStUw", "AbCdEfGhIjKl-_OpQrStUx",
            "\(code)\(padding)\u{200B}",
        ]
    )
    func notCleaned(text: String) { #expect(OneTimeCode(typed: text) == nil) }

    @Test("Provider accounts are disconnected unless they are kept; only the signed-in user can link them again")
    func providers() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            try await site.link(.discord, in: browser) { $0.email = "thief@example.com" }
            let kept = try await site.api.recoveryCode(keepingProviders: true)
            #expect(try await site.api.recover(kept).status == 204)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "1")

            let code = try await site.api.recoveryCode()
            #expect(try await site.api.recover(code, password: "Correct-Horse-7").status == 204)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            #expect(try await site.sql("SELECT issuer FROM disconnected_identities") == site.mock.address)
            let thief = try await site.signIn(.discord, in: site.api.client()) { $0.email = "thief@example.com" }
            expectFailure(.identityDisconnected, thief, in: site)
            let events =
                "SELECT count(*) FROM audit_events WHERE event = 'provider_unlinked' AND detail = 'by_recovery'"
            #expect(try await site.sql(events) == "1")
            let owner = site.api.client()
            #expect(try await owner.post(APIPath.login, Self.old).status == 200)
            try await site.link(.discord, in: owner) { $0.email = "thief@example.com" }
            #expect(try await site.methods(of: owner).identities.count == 1)
        }
    }
}
