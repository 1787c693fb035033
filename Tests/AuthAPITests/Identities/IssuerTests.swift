import Foundation
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A11, A12: identities belong to a provider and its issuer, and outlive both in the settings.
@Suite struct IssuerTests {
    private static let off = ["GOOGLE_CLIENT_ID": "", "GOOGLE_CLIENT_SECRET": ""]

    /// Signs in again in another browser with the password that every user here has.
    private static func signedIn(at site: OAuthSite) async throws -> TestClient {
        let browser = site.browser()
        let form = ["email": "ada@example.com", "password": "Correct-Horse-7"]
        try #require(try await browser.post(APIPath.login, form).status == 200)
        return browser
    }

    @Test("Another issuer under the same key inherits no user, whatever subjects it reports")
    func anotherIssuer() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(database: database) { site in
                let owner = try await site.api.registered()
                try await site.link(.google, in: owner)
                #expect(try await site.sql("SELECT issuer FROM oauth_accounts") == site.mock.address)
            }
            try await OAuthSite.with(database: database) { site in
                // The same subject, with the same email and with another one.
                let other = site.browser()
                expectFailure(.providerAlreadyLinked, try await site.signIn(.google, in: other), in: site)
                let response = try await site.signIn(.google, in: other) { $0.email = "eve@example.com" }
                #expect(response.header("Location") == "/")
                #expect(try await site.user(of: other)?.email == "eve@example.com")
                #expect(try await site.sql("SELECT count(DISTINCT user_id) FROM oauth_accounts") == "2")
                // The user sees the old identity, and disconnects it; then the new one can be linked.
                let owner = try await Self.signedIn(at: site)
                let old = try #require(try await site.methods(of: owner).identities.first)
                #expect(old.provider == .google && !old.isUsable)
                #expect(try await site.methods(of: owner).linkable?.map(\.provider) == [.discord])
                #expect(try await owner.delete(APIPath.identity(old.id)).status == 204)
                try await site.link(.google, in: owner) { $0.subject = "4711" }
                #expect(try await site.methods(of: owner).identities.map(\.isUsable) == [true])
            }
        }
    }

    @Test("Disconnecting an identity of one issuer does not affect another issuer")
    func disconnectedElsewhere() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(database: database) { site in
                let owner = try await site.api.registered()
                try await site.link(.google, in: owner)
                let id = try #require(try await site.methods(of: owner).identities.first?.id)
                #expect(try await owner.delete(APIPath.identity(id)).status == 204)
                expectFailure(.identityDisconnected, try await site.signIn(.google, in: site.browser()), in: site)
            }
            try await OAuthSite.with(database: database) { site in
                let other = site.browser()
                try await site.signIn(.google, in: other) { $0.email = "eve@example.com" }
                #expect(try await site.user(of: other)?.email == "eve@example.com")
            }
        }
    }

    @Test("Another issuer cannot confirm a change, and does not receive the tokens of the previous one")
    func formerTokens() async throws {
        try await TestDatabase.with { database in
            let token = Locked<String?>(nil)
            try await OAuthSite.with(database: database) { site in
                let owner = site.browser()
                try await site.signIn(.google, in: owner)
                token.update { $0 = owner.token }
            }
            try await OAuthSite.with(database: database) { site in
                let headers = [("Authorization", "Bearer \(try #require(token.value))")]
                let browser = site.browser()
                let response = try await browser.get(APIPath.confirmation, headers: headers)
                let confirmation: ConfirmationBody = try response.decoded()
                #expect(confirmation.providers.isEmpty)
                try await site.sql("UPDATE sessions SET reauthenticated_at = now()")
                let form = ["email": "ada@example.com"]
                let deleted = try await browser.post(APIPath.deletion, form, headers: headers)
                #expect(deleted.status == 204)
                #expect(site.mock.count(.googleRevocation) == 0)
            }
        }
    }

    @Test("Identities that the previous version linked belong permanently to the configured issuer")
    func adopted() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(database: database) { site in
                let owner = try await site.api.registered()
                try await site.link(.google, in: owner)
                try await site.link(.discord, in: owner)
                try await site.sql(
                    """
                    INSERT INTO disconnected_identities (provider, provider_user_id, user_id)
                    SELECT 'google', 'former', id FROM users;
                    UPDATE oauth_accounts SET issuer = '';
                    """
                )
                // An identity without an issuer signs in.
                let browser = site.browser()
                try await site.signIn(.google, in: browser)
                #expect(try await site.user(of: browser)?.email == "ada@example.com")
                #expect(try await site.methods(of: browser).identities.allSatisfy(\.isUsable))
                let stored = "SELECT issuer FROM oauth_accounts WHERE provider = 'google'"
                #expect(try await site.sql(stored) == site.mock.address)
                let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                let adoption = IssuerAdoption(
                    postgres: site.api.app.postgres,
                    providers: site.api.app.settings.providers,
                    logger: logger
                )
                // The server may already have run this at its start.
                let count = try await adoption.adopt()
                #expect(count <= 2)
                let missing = """
                    SELECT (SELECT count(*) FROM oauth_accounts WHERE issuer <> '\(site.mock.address)')
                        + (SELECT count(*) FROM disconnected_identities WHERE issuer <> '\(site.mock.address)')
                    """
                #expect(try await site.sql(missing) == "0")
                #expect(try await adoption.adopt() == 0)
                // Rows that the previous version adds in the meantime do not prevent sign-ins.
                try await site.sql(
                    """
                    INSERT INTO users (email, name) VALUES ('old@example.com', 'Old');
                    INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
                    SELECT id, 'google', '110169484474386276334' FROM users WHERE name = 'Old'
                    """
                )
                #expect(try await adoption.adopt() == 0)
                try await site.signIn(.google, in: browser)
                #expect(try await site.user(of: browser)?.email == "ada@example.com")
            }
            try await OAuthSite.with(database: database) { site in
                expectFailure(.providerAlreadyLinked, try await site.signIn(.discord, in: site.browser()), in: site)
            }
        }
    }

    @Test("Identities of a removed provider are listed and can be unlinked")
    func removedProvider() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(database: database) { site in
                let owner = try await site.api.registered()
                try await site.link(.google, in: owner)
            }
            try await OAuthSite.with(Self.off, database: database) { site in
                // Also a key that this version cannot have.
                try await site.sql(
                    """
                    INSERT INTO oauth_accounts (user_id, provider, provider_user_id, issuer)
                    SELECT id, 'elsewhere_7', '1', 'https://elsewhere.example' FROM users
                    """
                )
                let owner = try await Self.signedIn(at: site)
                let identities = try await site.methods(of: owner).identities
                #expect(identities.map(\.provider.rawValue).sorted() == ["elsewhere_7", "google"])
                #expect(identities.allSatisfy { !$0.isUsable })
                let response = try await site.browser().get(
                    APIPath.startOAuth(.google),
                    headers: OAuthSite.fromThisSite
                )
                expectFailure(.providerDisabled, response, in: site)
                for identity in identities {
                    #expect(try await owner.delete(APIPath.identity(identity.id)).status == 204)
                }
                #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            }
        }
    }

    @Test("The last usable identity cannot be unlinked, even if there is one of a removed provider")
    func lastUsable() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            try await site.sql(
                """
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id, issuer)
                SELECT id, 'elsewhere', '1', 'https://elsewhere.example' FROM users
                """
            )
            let identities = try await site.methods(of: owner).identities
            let google = try #require(identities.first { $0.isUsable }?.id)
            #expect(try await owner.delete(APIPath.identity(google)).status == 409)
            let other = try #require(identities.first { !$0.isUsable }?.id)
            #expect(try await owner.delete(APIPath.identity(other)).status == 204)
        }
    }

    @Test("The list shows the enabled providers, in order, without a session")
    func list() async throws {
        try await OAuthSite.with { site in
            let response = try await site.browser().get(APIPath.providers)
            let list: ProviderListBody = try response.decoded()
            #expect(list.providers.map(\.provider) == OAuthProvider.mocked)
            #expect(list.providers.map(\.kind) == [.google, .discord])
            #expect(list.providers.map(\.name.ja) == ["Google", "Discord"])
        }
        try await TestAPI.with { api in
            let list: ProviderListBody = try await api.client().get(APIPath.providers).decoded()
            #expect(list.providers.isEmpty)
        }
    }

    @Test("Keys are short words in lower case without another meaning")
    func keys() {
        for text in ["google", "oidc_2", "a", "x9_", String(repeating: "a", count: 32)] {
            #expect(OAuthProvider(rawValue: text)?.rawValue == text)
        }
        for text in [
            "", "Google", "9a", "_a", "a-b", "a/b", "a b", "ä", "a\u{301}", "a\n", String(repeating: "a", count: 33),
            "me",
            "login", "callback", "providers", "identities", "ｇoogle",
        ] {
            #expect(OAuthProvider(rawValue: text) == nil, "\(text)")
        }
    }

    @Test("nginx limits and logs exactly the paths of the possible keys")
    func nginxKeys() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "nginx.conf"), encoding: .utf8)
        let lists = text.matches(of: /\((google\|[^ "]*?)\)(?=[\/\[])/).map { "(\($0.output.1))" }
        #expect(lists.count == 3 && Set(lists).count == 1)
        let keys = try Regex(try #require(lists.first))
        for key in OAuthProvider.settable {
            let isKnown = try keys.wholeMatch(in: key.rawValue) != nil
            #expect(isKnown, "\(key.rawValue)")
        }
        for other in OAuthProvider.reserved.union(["oidc_1", "oidc_10", "oidc_"]) {
            let isKnown = try keys.wholeMatch(in: other) != nil
            #expect(!isKnown, "\(other)")
        }
    }

    @Test("D1: Reverting the migration keeps the data that the previous version supports, and the audit trail")
    func down() async throws {
        try await TestDatabase.with { database in
            try await database.sql(
                """
                INSERT INTO users (email, name) VALUES ('ada@example.com', 'Ada'), ('eve@example.com', 'Eve');
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id, issuer, created_at)
                SELECT id, 'google', '1', 'https://' || name,
                    now() + CASE name WHEN 'Eve' THEN interval '1 s' ELSE '0' END
                FROM users;
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id, issuer)
                SELECT id, 'oidc', '1', 'https://' || name FROM users;
                INSERT INTO disconnected_identities (user_id, provider, provider_user_id, issuer)
                SELECT id, p, '1', i FROM users, unnest('{google,oidc}'::text[]) AS p, unnest('{a,b}'::text[]) AS i;
                INSERT INTO audit_events (event, provider) VALUES ('registered', 'oidc');
                """
            )
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let version = try #require(Migrations.all.first { $0.name == "providers" }?.version)
            var last: Int32?
            while last != version { last = try await migrator.down().version }
            let kept =
                "SELECT string_agg(provider || ' ' || u.name, ',') FROM oauth_accounts JOIN users u ON u.id = user_id"
            #expect(try await database.sql(kept) == "google Ada")
            #expect(try await database.sql("SELECT count(*) FROM disconnected_identities") == "2")
            #expect(try await database.sql("SELECT provider FROM audit_events") == "oidc")
            _ = try await migrator.up()
            #expect(try await database.sql("SELECT count(*) FROM oauth_accounts WHERE issuer = ''") == "1")
        }
    }
}
