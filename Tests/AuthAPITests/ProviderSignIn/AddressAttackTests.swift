import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shared
import Testing

@testable import AuthAPI

/// Expects the response for a browser without a provider account that needs an address.
func expectNothingPending(
    _ response: TestResponse,
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(response.status == 404, comment, sourceLocation: sourceLocation)
    #expect(try response.problem.code == .noPendingLink, comment, sourceLocation: sourceLocation)
    #expect(response.all("Set-Cookie").isEmpty, comment, sourceLocation: sourceLocation)
}

/// Attacks on the step that asks for an address.
@Suite struct AddressAttackTests {
    private static let good = ["email": "ada@example.com"]

    @Test("A12: A missing, changed, ambiguous or expired cookie, or one of another site, creates no account")
    func cookies() async throws {
        try await OAuthSite.with { site in
            _ = try await site.api.registered(email: "grace@example.com")
            let browser = try await site.waiting()
            let cookie = try #require(browser.cookies.first { $0.name == "oauth_address" })
            // Values of other cookies: of a pending link, of a flow, and of a site with another key.
            let linking = site.browser()
            try await site.signIn(.google, in: linking) { $0.email = "grace@example.com" }
            let link = try #require(linking.cookies.first { $0.name == "oauth_connect" })
            _ = try await site.begin(.google, in: linking)
            let flow = try #require(linking.cookies.last)
            let other = try TestAPI.settings(
                ["SECRET_KEY": String(TestAPI.secretKey.reversed())],
                databaseURL: "postgresql://u@h/d"
            )
            var response = Response(status: .ok)
            let pending = try #require(
                site.api.app.routes.addresses.cookies.pendingAddresses.pending(of: Self.request(cookie: cookie))
            )
            try PendingAddressCookie(other, now: { Date.now }).keep(pending, on: &response)
            let foreign = try #require(response.headers[.setCookie]).prefix { $0 != ";" }.split(separator: "=")[1]
            let bad = [
                String(cookie.value.dropLast(2)) + "AA",
                (cookie.value.hasPrefix("A") ? "B" : "A") + cookie.value.dropFirst(), cookie.value + "A", "e30", ".",
                link.value, flow.value, String(foreign), String(repeating: "A", count: 4200),
            ]
            for value in bad {
                let forger = site.browser()
                forger.keep(RequestCookie(name: cookie.name, value: value))
                try expectNothingPending(await forger.get(APIPath.address), "\(value.prefix(20))")
                try expectNothingPending(await forger.post(APIPath.address, Self.good), "\(value.prefix(20))")
            }
            try expectNothingPending(await site.browser().post(APIPath.address, Self.good))
            // The value is not valid under the name of a pending link either.
            let forger = site.browser()
            forger.keep(RequestCookie(name: link.name, value: cookie.value))
            #expect(try await forger.get(APIPath.pendingLink).status == 404)
            // Two cookies that differ: one may be an attacker's.
            let second = try #require(try await site.waiting(subject: "2").cookies.first)
            let twice = [("Cookie", "\(cookie.name)=\(cookie.value); \(cookie.name)=\(second.value)")]
            try expectNothingPending(await site.browser().post(APIPath.address, Self.good, headers: twice))
            site.api.clock.advance(by: 601)
            try expectNothingPending(await browser.post(APIPath.address, Self.good))
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
        }
    }

    private static func request(cookie: RequestCookie) -> Request {
        Request(
            head: HTTPRequest(
                method: .get,
                scheme: nil,
                authority: nil,
                path: "/",
                headerFields: [.cookie: "\(cookie.name)=\(cookie.value)"]
            ),
            body: .init(buffer: ByteBuffer())
        )
    }

    @Test("A12: Completing one identity twice, in two tabs or with a stolen cookie, creates one account")
    func replayed() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.waiting()
            let copy = browser.copy()
            #expect(try await browser.post(APIPath.address, Self.good).status == 201)
            for email in ["ada@example.com", "eve@example.com"] {
                try expectNothingPending(await copy.post(APIPath.address, ["email": email]))
            }
            // The cookie does not reconnect a disconnected identity either.
            try await site.sql("UPDATE users SET password_hash = 'x'")
            let id = try #require(try await site.methods(of: browser).identities.first?.id)
            #expect(try await browser.delete(APIPath.identity(id)).status == 204)
            try expectNothingPending(await copy.post(APIPath.address, ["email": "eve@example.com"]))
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "1")
        }
    }

    @Test("A12: Concurrent requests for one identity create one account, also with many addresses", arguments: [1, 8])
    func raced(addresses: Int) async throws {
        let settings = [
            "DATABASE_POOL_SIZE": "8", "REGISTRATION": "invite", "REGISTRATION_LIMIT_NETWORK": "1000/60",
        ]
        try await OAuthSite.with(settings) { site in
            let made = try await Operators(database: site.api.database).run {
                try await $0.invite(nil, uses: 1, validFor: 3600)
            }
            let code = try #require(made.link.split(separator: "=").last)
            let invited = site.browser()
            invited.keep(RequestCookie(name: SiteCookies.invite, value: String(code)))
            let browser = try await site.waiting(in: invited)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<8 {
                    let copy = browser.copy()
                    group.addTask {
                        try await copy.post(APIPath.address, ["email": "ada\(index % addresses)@example.com"]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // The others get the response of a late tab, which does not reveal that address or invitation is used.
            #expect(statuses.sorted() == [201] + Array(repeating: 404, count: 7))
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "1")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "1")
            #expect(try await site.sql("SELECT used FROM invites") == "1")
        }
    }

    @Test("A12: A registration with a password at the same moment leaves one account, without a link if it was first")
    func racedWithRegistration() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let browser = try await site.waiting()
            let other = site.browser()
            let body = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]
            async let first = browser.post(APIPath.address, Self.good)
            async let second = other.post(APIPath.register, body)
            let statuses = try await [first.status, second.status]
            #expect(statuses.sorted() == [201, 409])
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == (statuses[0] == 201 ? "1" : "0"))
        }
    }

    @Test("A12: An address that has an account gets the response of a registration, and no link", arguments: 0...2)
    func taken(kind: Int) async throws {
        try await OAuthSite.with { site in
            // With a password, verified by a provider, or entered in this step.
            let owner =
                kind == 0 ? try await site.api.registered() : kind == 1 ? site.browser() : try await site.waiting()
            if kind == 1 { try await site.signIn(.google, in: owner) }
            if kind == 2 { #expect(try await owner.post(APIPath.address, Self.good).status == 201) }
            let before = try await site.sql("SELECT users::text FROM users")
            let attacker = try await site.waiting(email: "ada@example.com", subject: "666")
            let rejected = try await attacker.post(APIPath.address, ["email": "ADA@example.com"])
            let body = ["email": "ada@example.com", "password": "Correct-Horse-8", "name": "Mallory"]
            let registered = try await site.browser().post(APIPath.register, body)
            #expect(rejected.status == 409 && rejected.all("Set-Cookie").isEmpty)
            let (mine, theirs) = (try rejected.problem, try registered.problem)
            #expect(mine.code == theirs.code && mine.detail == theirs.detail && mine.errors == theirs.errors)
            #expect(try await site.user(of: attacker) == nil)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == (kind == 0 ? "0" : "1"))
            #expect(try await site.sql("SELECT users::text FROM users") == before)
            // Another address, and the cookie, still work.
            #expect(try await attacker.post(APIPath.address, ["email": "eve@example.com"]).status == 201)
        }
    }

    // PocketBase CVE-2026-44166, better-auth #9578.
    @Test("A12: Pre-hijacking: an unverified address gives no access to the owner's later provider sign-in")
    func preHijacking() async throws {
        try await OAuthSite.with { site in
            let attacker = try await site.waiting(email: "owner@gmail.com", subject: "666")
            #expect(try await attacker.post(APIPath.address, ["email": "owner@gmail.com"]).status == 201)
            let owner = site.browser()
            for provider in OAuthProvider.mocked {
                let response = try await site.signIn(provider, in: owner) { $0.email = "owner@gmail.com" }
                // The attacker's second provider is already linked; no sign-in succeeds either way.
                let failure: OAuthFailure = provider == .discord ? .providerAlreadyLinked : .accountExists
                expectFailure(failure, response, in: site)
                #expect(try await site.user(of: owner) == nil)
            }
            // The attacker gains nothing by signing in again, or with their own provider account.
            try await site.signIn(.discord, in: attacker) { user in
                user.discordID = "666"
                user.email = "owner@gmail.com"
                user.isEmailVerified = false
            }
            try await site.link(.google, in: attacker) { user in
                user.subject = "666"
                user.email = "mallory@gmail.com"
            }
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            #expect(try await site.methods(of: attacker).identities.count == 2)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }
}
