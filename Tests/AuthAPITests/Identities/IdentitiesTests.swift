import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A12: Listing and unlinking provider accounts.
@Suite struct IdentitiesTests {
    @Test("A12: Listing and unlinking require a session")
    func withoutSession() async throws {
        try await OAuthSite.with { site async throws in
            #expect(try await site.browser().get(APIPath.identities).status == 401)
            let path = APIPath.identity("5e0f6a1c-93d2-4b7e-a8f4-1c2d3e4f5a6b")
            #expect(try await site.browser().delete(path).status == 401)
        }
    }

    @Test("A12: With a password every provider account can be unlinked, and linked again")
    func unlinks() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            try await site.link(.google, in: browser)
            let id = try #require(try await site.methods(of: browser).identities.first?.id)
            #expect(try await browser.delete(APIPath.identity(id)).status == 204)
            #expect(try await site.methods(of: browser).identities.isEmpty)
            #expect(try await browser.delete(APIPath.identity(id)).problem.code == .identityNotFound)
            #expect(try await site.user(of: browser) != nil)
            #expect(try await site.link(.google, in: browser).page == PagePath.account)
        }
    }

    @Test("A12: The last sign-in method cannot be unlinked")
    func lastOne() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser)
            let google = try #require(try await site.methods(of: browser).identities.first?.id)
            let rejected = try await browser.delete(APIPath.identity(google))
            #expect(rejected.status == 409)
            #expect(try rejected.problem.code == .lastSignInMethod)
            try await site.link(.discord, in: browser)
            #expect(try await browser.delete(APIPath.identity(google)).status == 204)
            let methods = try await site.methods(of: browser)
            #expect(methods.identities.map(\.provider) == [.discord])
            #expect(!methods.hasPassword)
        }
    }

    @Test("A12: An account of a disabled provider is not a sign-in method")
    func providerThatIsOff() async throws {
        try await TestDatabase.with { database in
            let cookies = Locked<[RequestCookie]>([])
            try await OAuthSite.with(database: database) { site in
                let browser = site.browser()
                try await site.signIn(.google, in: browser)
                try await site.link(.discord, in: browser)
                cookies.update { $0 = browser.cookies }
            }
            let off = ["DISCORD_CLIENT_ID": "", "DISCORD_CLIENT_SECRET": ""]
            try await OAuthSite.with(off, database: database) { site in
                try await site.takeOverIdentities()
                let browser = site.browser()
                for cookie in cookies.value { browser.keep(cookie) }
                let identities = try await site.methods(of: browser).identities
                let google = try #require(identities.first { $0.provider == .google }?.id)
                let discord = try #require(identities.first { $0.provider == .discord }?.id)
                #expect(try await browser.delete(APIPath.identity(google)).status == 409)
                #expect(try await browser.delete(APIPath.identity(discord)).status == 204)
            }
        }
    }

    @Test("A12: A user cannot unlink an account of another user")
    func ofAnotherUser() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.google, in: owner)
            let id = try #require(try await site.methods(of: owner).identities.first?.id)
            let other = try await site.api.registered(email: "mallory@example.com", name: "Mallory")
            for path in [id, id.uppercased(), "5e0f6a1c-93d2-4b7e-a8f4-1c2d3e4f5a6b", "x", "1"] {
                let response = try await other.delete(APIPath.identity(path))
                #expect(response.status == 404)
                #expect(try response.problem.code == .identityNotFound)
            }
            let crossSite = try await owner.delete(APIPath.identity(id), headers: [("Sec-Fetch-Site", "cross-site")])
            #expect(crossSite.status == 403)
            #expect(try await site.methods(of: owner).identities.count == 1)
        }
    }

    @Test("A12: Of two concurrent requests that unlink the last two accounts, one is rejected", arguments: 1...3)
    func lastTwoAtOnce(attempt: Int) async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser)
            try await site.link(.discord, in: browser)
            let ids = try await site.methods(of: browser).identities.map(\.id)
            try #require(ids.count == 2)
            async let first = browser.delete(APIPath.identity(ids[0])).status
            async let second = browser.delete(APIPath.identity(ids[1])).status
            #expect(try await [first, second].sorted() == [204, 409])
            #expect(try await site.methods(of: browser).identities.count == 1)
        }
    }

    // The same race in a fixed order: the second waits for the lock of the first.
    @Test("A12: A request that waited for another sees its result")
    func waitsForTheOther() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser)
            try await site.link(.discord, in: browser)
            let ids = try await site.methods(of: browser).identities.map(\.id)
            let locked = Gate()
            async let first: Void = site.api.database.pool.transaction { db in
                _ = try db.first(LockUser(id: try #require(try db.first(FindOwnerOfAny()))))
                locked.wait()
                try db.run(DeleteFirst())
            }
            await locked.entered()
            async let second = browser.delete(APIPath.identity(ids[1])).status
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            try await eventually("the request waits for the lock") {
                try await site.sql("\(waiting) AND datname = current_database()") == "1"
            }
            locked.open()
            try await first
            #expect(try await second == 409)
        }
    }

    @Test("A12, D6: A request that waited while the user was disabled unlinks nothing")
    func waitsForTheOperator() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let browser = try await site.api.registered()
            try await site.link(.google, in: browser)
            let id = try #require(try await site.methods(of: browser).identities.first?.id)
            let locked = Gate()
            async let disabled: Void = site.api.database.pool.transaction { db in
                try db.run(DisableEveryone())
                locked.wait()
            }
            await locked.entered()
            async let status = browser.delete(APIPath.identity(id)).status
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            try await eventually("the request waits for the lock") {
                try await site.sql("\(waiting) AND datname = current_database()") == "1"
            }
            locked.open()
            try await disabled
            #expect(try await status == 401)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "1")
        }
    }
}

private struct FindOwnerOfAny: Statement {
    static let sql: StaticString = "SELECT user_id FROM oauth_accounts LIMIT 1"
    static func decode(_ row: PostgresRow) throws -> UUID { try row.uuid(0) }
}

private struct DisableEveryone: Statement {
    static let sql: StaticString = "UPDATE users SET disabled_at = now()"
}

private struct DeleteFirst: Statement {
    static let sql: StaticString = "DELETE FROM oauth_accounts WHERE provider = 'google'"
}
