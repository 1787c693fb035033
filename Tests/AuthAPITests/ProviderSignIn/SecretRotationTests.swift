import Foundation
import Logging
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// E4: Flows, pending accounts and stored tokens when `SECRET_KEY` changes.
@Suite struct SecretRotationTests {
    private static let first = Base64URL.random256Bits()
    private static let second = Base64URL.random256Bits()

    private static let before = ["SECRET_KEY": first]
    private static let during = ["SECRET_KEY": second, "SECRET_KEY_PREVIOUS": first]
    private static let after = ["SECRET_KEY": second]

    private static let versions = "SELECT string_agg(DISTINCT key_version::text, ',') FROM oauth_accounts"

    private func vault(_ key: String, previous: String? = nil) -> ProviderTokenVault {
        ProviderTokenVault(SecretKeys(Secret(key), previous: previous.map(Secret.init)))
    }

    /// Stores accounts with tokens under a key; returns what each token was.
    private func fill(_ database: TestDatabase, rows: Int, vault: ProviderTokenVault) async throws {
        for number in 0..<rows {
            let key = IdentityKey(provider: .google, issuer: "i", subject: "\(number)")
            let access = try vault.seal(Secret("access-\(number)"), for: key, in: .accessToken)
            let refresh = try vault.seal(Secret("refresh-\(number)"), for: key, in: .refreshToken)
            try await database.pool.transaction { db in
                let email = try EmailAddress("\(number)@example.com")
                let user = User(email: email, name: "N", avatarURL: nil)
                try db.run(InsertProviderAccount(user: user, provider: .google, verifiedAt: .now, trace: .operator))
                let tokens = SealedTokens(
                    accessToken: access,
                    refreshToken: number % 2 == 0 ? refresh : nil,
                    version: vault.version,
                    expiresAt: nil
                )
                let cause = LinkCause(reason: .registration, session: nil, trace: .operator)
                try db.run(InsertIdentity(key, email: email, of: user.id, tokens: tokens, cause: cause))
            }
        }
    }

    @Test("E4: A flow and a pending account survive the rotation, until the previous key is removed")
    func cookies() async throws {
        try await TestDatabase.with { database in
            let cookies = Locked<[RequestCookie]>([])
            let linking = Locked<[RequestCookie]>([])
            let state = Locked<String?>(nil)
            try await OAuthSite.with(Self.before, database: database) { site in
                _ = try await site.api.registered()
                let waiting = site.browser()
                try await site.signIn(.google, in: waiting)
                linking.update { $0 = waiting.cookies }
                let browser = site.browser()
                let target = try await site.begin(.google, in: browser)
                state.update { $0 = URLComponents(string: target)?.queryItems?.first { $0.name == "state" }?.value }
                cookies.update { $0 = browser.cookies }
            }
            let callback = "\(APIPath.oauthCallback(.google))?error=access_denied&state=\(try #require(state.value))"
            try await OAuthSite.with(Self.during, database: database) { site in
                let browser = site.browser()
                for cookie in cookies.value { browser.keep(cookie) }
                expectFailure(.accessDenied, try await browser.get(callback), in: site)
                let waiting = site.browser()
                for cookie in linking.value { waiting.keep(cookie) }
                #expect(try await waiting.get(APIPath.pendingLink).status == 200)
            }
            try await OAuthSite.with(Self.after, database: database) { site in
                let browser = site.browser()
                for cookie in cookies.value + linking.value { browser.keep(cookie) }
                expectFailure(.flowExpired, try await browser.get(callback), in: site)
                #expect(try await browser.get(APIPath.pendingLink).status == 404)
            }
        }
    }

    @Test("E4: The next sign-in encrypts a row with the new key, including the kept refresh token")
    func nextSignIn() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(Self.before, database: database) { site in
                try await site.signIn(.discord, in: site.browser())
            }
            #expect(try await database.sql(Self.versions) == "\(vault(Self.first).version)")
            try await OAuthSite.with(Self.during, database: database) { site async throws in
                try await site.takeOverIdentities()
                site.mock.change(.discordToken) { response in response.edit { $0["refresh_token"] = nil } }
                #expect(try await site.signIn(.discord, in: site.browser()).header("Location") == "/")
            }
            let new = vault(Self.second)
            #expect(try await database.sql(Self.versions) == "\(new.version)")
            let key = IdentityKey(provider: .discord, issuer: "i", subject: MockUser().discordID)
            let row = try await database.pool.withConnection { try $0.one(FindTokens()) }
            let refresh = try #require(row.refresh)
            let kept = new.open(refresh, version: new.version, for: key, in: .refreshToken)
            #expect(kept?.value.hasPrefix("refresh-") == true)
            let access = new.open(row.access, version: new.version, for: key, in: .accessToken)
            #expect(access?.value.hasPrefix("access-") == true)
        }
    }

    @Test("E4: A sign-in succeeds if no key decrypts the old refresh token; it is deleted")
    func unreadableRefreshToken() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(Self.before, database: database) { site in
                try await site.signIn(.discord, in: site.browser())
            }
            try await OAuthSite.with(Self.after, database: database) { site async throws in
                try await site.takeOverIdentities()
                site.mock.change(.discordToken) { response in response.edit { $0["refresh_token"] = nil } }
                #expect(try await site.signIn(.discord, in: site.browser()).header("Location") == "/")
                #expect(try await site.sql("SELECT refresh_token IS NULL FROM oauth_accounts") == "t")
            }
        }
    }

    @Test("E4: secret rotate processes every row, in batches, and can be repeated")
    func rotates() async throws {
        try await TestDatabase.with { database in
            let old = vault(Self.first)
            try await fill(database, rows: 7, vault: old)
            // One without tokens, as after linking by password: there is nothing to do.
            try await database.sql(
                """
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
                SELECT id, 'discord', 'none' FROM users LIMIT 1
                """
            )
            let both = vault(Self.second, previous: Self.first)
            let rotation = ProviderTokenRotation(postgres: database.pool, vault: both, batchSize: 3)
            #expect(try await rotation.run() == .init(rotated: 7, unreadable: 0, current: 0))
            #expect(try await rotation.run() == .init(rotated: 0, unreadable: 0, current: 7))
            let new = vault(Self.second)
            let rows = try await database.pool.withConnection { try $0.all(FindTokens()) }
            for row in rows {
                let key = IdentityKey(provider: .google, issuer: "i", subject: row.subject)
                let access = new.open(row.access, version: row.version, for: key, in: .accessToken)
                #expect(access?.value == "access-\(row.subject)")
                let refresh = row.refresh.flatMap {
                    new.open($0, version: row.version, for: key, in: .refreshToken)
                }
                #expect(refresh?.value == ((Int(row.subject) ?? 0) % 2 == 0 ? "refresh-\(row.subject)" : nil))
            }
            #expect(rows.count == 7)
        }
    }

    @Test("E4: Rows that no key decrypts are counted and not changed, and the following rows are processed")
    func unreadableRows() async throws {
        try await TestDatabase.with { database in
            try await fill(database, rows: 6, vault: vault(Self.first))
            // Another row's token, as an attacker with access to the database could copy it.
            try await database.sql(
                """
                UPDATE oauth_accounts SET access_token =
                    (SELECT access_token FROM oauth_accounts WHERE provider_user_id = '1')
                WHERE provider_user_id = '3'
                """
            )
            let sum = "SELECT md5(string_agg(access_token::text, '' ORDER BY id)) FROM oauth_accounts"
            let untouched = try await database.sql(sum)
            let without = ProviderTokenRotation(postgres: database.pool, vault: vault(Self.second), batchSize: 2)
            #expect(try await without.run() == .init(rotated: 0, unreadable: 6, current: 0))
            #expect(try await database.sql(sum) == untouched)
            let both = vault(Self.second, previous: Self.first)
            let rotation = ProviderTokenRotation(postgres: database.pool, vault: both, batchSize: 2)
            #expect(try await rotation.run() == .init(rotated: 5, unreadable: 1, current: 0))
            #expect(try await rotation.run() == .init(rotated: 0, unreadable: 1, current: 5))
        }
    }
}

private struct FindTokens: Statement {
    struct Row: Sendable {
        let subject: String
        let access: [UInt8]
        let refresh: [UInt8]?
        let version: Int32
    }

    static let sql: StaticString = """
        SELECT provider_user_id, access_token, refresh_token, key_version FROM oauth_accounts
        WHERE access_token IS NOT NULL
        """

    static func decode(_ row: PostgresRow) throws -> Row {
        Row(
            subject: try row.text(0),
            access: try row.bytes(1),
            refresh: try row.optionalBytes(2),
            version: try row.int4(3)
        )
    }
}
