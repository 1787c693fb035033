import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W1: Only its signed-in user can connect a disconnected identity again; the sessions that it opened end.
@Suite struct DisconnectedTests {
    /// Runs `body` with a user who signed up with Google and connected Discord, with the same email address.
    private static func withBoth(
        _ environment: [String: String] = [:],
        email: String = "ada@example.com",
        _ body: @Sendable (OAuthSite, TestClient) async throws -> Void
    ) async throws {
        try await OAuthSite.with(environment) { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner) { $0.email = email }
            try await site.link(.discord, in: owner) { $0.email = email }
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.google, .discord])
            try await body(site, owner)
        }
    }

    private static func disconnect(
        _ provider: OAuthProvider,
        in browser: TestClient,
        at site: OAuthSite
    ) async throws {
        let identities = try await site.methods(of: browser).identities
        let id = try #require(identities.first { $0.provider == provider }?.id)
        #expect(try await browser.delete(APIPath.identity(id)).status == 204)
    }

    @Test("W1: The identity cannot sign in, is not linked by its email address, and creates no second account")
    func staysDisconnected() async throws {
        try await Self.withBoth { site, owner in
            try await Self.disconnect(.discord, in: owner, at: site)
            let user = try await site.user(of: owner)?.id
            // With its former email address, with another one, and with one of an account.
            _ = try await site.api.registered(email: "grace@example.com", name: "Grace")
            for email in ["ada@example.com", "new@example.com", "grace@example.com"] {
                let thief = site.browser()
                let response = try await site.signIn(.discord, in: thief) { $0.email = email }
                expectFailure(.identityDisconnected, response, in: site)
                #expect(try await site.user(of: thief) == nil)
                #expect(try await thief.get(APIPath.pendingLink).status == 404)
                let last = try #require(try await site.api.database.events().last)
                #expect(last.summary == "sign_in_failed discord identity_disconnected")
                #expect(last.user == user)
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "2")
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.google])
            // Its signed-in user connects it again, and it signs in as before.
            #expect(try await site.link(.discord, in: owner).header("Location") == "/account?connected=discord")
            #expect(try await site.sql("SELECT count(*) FROM disconnected_identities") == "0")
            let back = site.browser()
            #expect(try await site.signIn(.discord, in: back).header("Location") == "/")
            #expect(try await site.user(of: back)?.id == user)
        }
    }

    @Test("W1, W5: Very many sessions end with the identity that opened them, despite the statement timeout")
    func manySessions() async throws {
        try await Self.withBoth { site, owner in
            try await site.sql(
                """
                INSERT INTO sessions (user_id, identity_id, token_hash, created_at, expires_at)
                SELECT user_id, id, sha256(n::text::bytea), now(), now() + interval '5 days'
                FROM oauth_accounts, generate_series(1, 12000) n WHERE provider = 'discord';
                CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF get_byte(OLD.token_hash, 0) % 4 = 0 THEN PERFORM pg_sleep(0.001); END IF;
                    RETURN OLD;
                END $$;
                CREATE TRIGGER dawdle BEFORE DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION dawdle();
                """
            )
            try await Self.disconnect(.discord, in: owner, at: site)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "1")
            let ended = "SELECT count(*) FROM audit_events WHERE detail = 'provider_unlinked'"
            #expect(try await site.sql(ended) == "12000")
        }
    }

    @Test("W1: Not even the authority for the address reconnects its own disconnected identity")
    func authority() async throws {
        try await OAuthSite.with { site in
            func atGmail(_ user: inout MockUser) { user.email = "ada@gmail.com" }
            let owner = site.browser()
            try await site.signIn(.discord, in: owner, as: atGmail)
            try await site.link(.google, in: owner, as: atGmail)
            try await Self.disconnect(.google, in: owner, at: site)
            let response = try await site.signIn(.google, in: site.browser(), as: atGmail)
            expectFailure(.identityDisconnected, response, in: site)
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.discord])
        }
    }

    @Test("W1: Sessions that it opened end, also those of the previous version; others and the requesting one stay")
    func sessionsEnd() async throws {
        try await Self.withBoth { site, owner in
            let byGoogle = site.browser(), byDiscord = site.browser(), older = site.browser(), asking = site.browser()
            try await site.signIn(.google, in: byGoogle)
            for browser in [byDiscord, older, asking] { try await site.signIn(.discord, in: browser) }
            // The previous version does not set `identity_id`.
            let hash = "sha256('\(try #require(older.token))')"
            try await site.sql("UPDATE sessions SET identity_id = NULL WHERE token_hash = \(hash)")
            try await Self.disconnect(.discord, in: asking, at: site)
            for browser in [owner, byGoogle, asking] { #expect(try await site.user(of: browser) != nil) }
            for browser in [byDiscord, older] { #expect(try await site.user(of: browser) == nil) }
            let events = try await site.api.database.events().map(\.summary).suffix(3)
            let ended = "session_ended discord provider_unlinked"
            #expect(events == [ended, ended, "provider_unlinked discord"])
        }
    }

    @Test("W1: A session opened with a password stays when an identity is disconnected")
    func passwordSessionStays() async throws {
        try await OAuthSite.with { site in
            let first = try await site.api.registered()
            try await site.link(.google, in: first)
            let second = site.browser(), third = site.browser()
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            #expect(try await second.post(APIPath.login, login).status == 200)
            try await site.signIn(.google, in: third)
            try await Self.disconnect(.google, in: first, at: site)
            #expect(try await site.user(of: second) != nil)
            #expect(try await site.user(of: third) == nil)
        }
    }

    @Test("W1: The password does not link an identity that was disconnected while the link was pending")
    func pendingLink() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            let waiting = site.browser()
            #expect(try await site.signIn(.discord, in: waiting).parameter("connect") == "discord")
            try await site.link(.discord, in: owner)
            try await Self.disconnect(.discord, in: owner, at: site)
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7", "connect": "discord"]
            #expect(try await waiting.post(APIPath.login, login).problem.code == .noPendingLink)
            #expect(try await site.methods(of: owner).identities.isEmpty)
            // The page does not ask for the password again either.
            expectFailure(.identityDisconnected, try await site.signIn(.discord, in: waiting), in: site)
        }
    }

    @Test("W1: Deleting the account deletes its disconnections, and the identity can sign up again")
    func accountDeleted() async throws {
        try await Self.withBoth { site, owner in
            try await Self.disconnect(.discord, in: owner, at: site)
            try await site.sql("DELETE FROM users")
            #expect(try await site.sql("SELECT count(*) FROM disconnected_identities") == "0")
            let back = site.browser()
            #expect(try await site.signIn(.discord, in: back).header("Location") == "/")
            #expect(try await site.user(of: back) != nil)
        }
    }

    @Test(
        "W1: Another signed-in user may connect it, as the page advises for two accounts; the first user may not"
    )
    func movedToAnotherAccount() async throws {
        try await Self.withBoth { site, owner in
            try await Self.disconnect(.discord, in: owner, at: site)
            let other = try await site.api.registered(email: "grace@example.com", name: "Grace")
            #expect(try await site.link(.discord, in: other).header("Location") == "/account?connected=discord")
            let browser = site.browser()
            try await site.signIn(.discord, in: browser)
            #expect(try await site.user(of: browser)?.email == "grace@example.com")
            try await Self.disconnect(.discord, in: other, at: site)
            expectFailure(.identityDisconnected, try await site.signIn(.discord, in: site.browser()), in: site)
            #expect(try await site.link(.discord, in: owner).page == PagePath.account)
        }
    }

    // The sign-in finds its user, and opens its session only after the identity is disconnected.
    @Test("W1: An identity that is disconnected between finding its user and opening the session opens none")
    func disconnectedBeforeTheSession() async throws {
        try await Self.withBoth(["DATABASE_POOL_SIZE": "6"]) { site, owner in
            let thief = site.browser()
            let target = try await site.begin(.discord, in: thief)
            let id = try #require(try await site.methods(of: owner).identities.last?.id)
            // Holds the sign-in where it opens its session, after the transaction that finds its user.
            let held = Gate()
            async let holding: Void = site.api.database.pool.transaction { db in
                try db.run(TestStatements.LockAuditTrail())
                held.wait()
            }
            await held.entered()
            async let response = thief.get(target)
            let waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%INSERT INTO sessions%'
                """
            try await eventually("the sign-in waits for the lock") { try await site.sql(waiting) == "1" }
            try await site.sql(
                """
                WITH gone AS (DELETE FROM oauth_accounts WHERE id = '\(id)' RETURNING *)
                INSERT INTO disconnected_identities SELECT provider, provider_user_id, user_id FROM gone
                """
            )
            held.open()
            try await holding
            expectFailure(.identityDisconnected, try await response, in: site)
            #expect(try await site.user(of: thief) == nil)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "1")
        }
    }

    // The other order: the session is stored, but its transaction is open when the identity is disconnected.
    @Test("W1: A session that is being opened when the identity is disconnected ends with the others")
    func disconnectedAfterTheSession() async throws {
        try await Self.withBoth(["DATABASE_POOL_SIZE": "6"]) { site, owner in
            let id = try #require(try await site.methods(of: owner).identities.last?.id)
            let held = Gate()
            async let opening: Void = site.api.database.pool.transaction { db in
                try db.run(OpenSessionThroughDiscord())
                held.wait()
            }
            await held.entered()
            async let status = owner.delete(APIPath.identity(id)).status
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            try await eventually("the request waits for the lock") {
                try await site.sql("\(waiting) AND datname = current_database()") == "1"
            }
            held.open()
            try await opening
            #expect(try await status == 204)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "1")
            #expect(
                try await site.api.database.events().map(\.summary).contains("session_ended discord provider_unlinked")
            )
        }
    }

    @Test("W1: The previous version works with the new schema")
    func versionBefore() async throws {
        try await Self.withBoth { site, owner in
            // The statements of the previous version do not name the new columns.
            try await site.sql(
                """
                INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, user_agent, ip_address)
                SELECT gen_random_uuid(), id, sha256('token'), now(), now() + interval '7 days', NULL, NULL FROM users;
                DELETE FROM oauth_accounts WHERE provider = 'discord';
                DELETE FROM sessions WHERE token_hash = sha256('token');
                """
            )
            #expect(try await site.user(of: owner) != nil)
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.google])
        }
    }
}

private struct OpenSessionThroughDiscord: Statement {
    static let sql: StaticString = """
        INSERT INTO sessions (user_id, token_hash, expires_at, identity_id)
        SELECT user_id, sha256('token'), now() + interval '7 days', id FROM oauth_accounts WHERE provider = 'discord'
        """
}
