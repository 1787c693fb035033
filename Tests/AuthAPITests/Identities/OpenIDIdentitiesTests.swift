import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11, A12: Another OpenID provider requires settings only.
@Suite struct OpenIDIdentitiesTests {
    private static let fourth = OAuthProvider.openID[1]

    @Test("A fourth provider requires settings only: it is listed, signs in, links, disconnects and confirms")
    func settingsOnly() async throws {
        try await OAuthSite.with(providers: [.oidc, Self.fourth]) { site in
            let list: ProviderListBody = try await site.browser().get(APIPath.providers).decoded()
            #expect(list.providers.map(\.provider.rawValue) == ["google", "discord", "oidc", "oidc_2"])
            #expect(list.providers.map(\.kind) == [.google, .discord, .oidc, .oidc])
            #expect(list.providers.map(\.name.ja).suffix(2) == ["Realm oidc", "Realm oidc_2"])

            let browser = site.browser()
            let response = try await site.signIn(Self.fourth, in: browser)
            #expect(response.header("Location") == "/")
            #expect(try await site.user(of: browser)?.email == "ada@example.com")
            #expect(try await site.sql("SELECT provider FROM oauth_accounts") == "oidc_2")
            #expect(try await site.sql("SELECT issuer FROM oauth_accounts") == site.mock.issuer(of: Self.fourth))
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")

            try await site.link(.oidc, in: browser)
            let methods = try await site.methods(of: browser)
            #expect(methods.identities.map(\.provider) == [.oidc, Self.fourth] || methods.identities.count == 2)
            #expect(methods.linkable?.map(\.provider) == [.google, .discord])
            // The same user at both is one account.
            let other = site.browser()
            try await site.signIn(.oidc, in: other)
            #expect(try await site.user(of: other)?.email == "ada@example.com")
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")

            let linked = try #require(methods.identities.first { $0.provider == Self.fourth })
            #expect(try await browser.delete(APIPath.identity(linked.id)).status == 204)
            expectFailure(.identityDisconnected, try await site.signIn(Self.fourth, in: site.browser()), in: site)
        }
    }

    @Test("An OpenID provider is not linked by email, not even to a verified address")
    func noAuthority() async throws {
        try await OAuthSite.with(providers: [.oidc]) { site in
            try await site.signIn(.google, in: site.browser()) { $0.email = "ada@gmail.com" }
            let response = try await site.signIn(.oidc, in: site.browser()) { user in
                user.email = "ada@gmail.com"
                user.hostedDomain = "gmail.com"
            }
            expectFailure(.accountExists, response, in: site)
            #expect(EmailAuthority.rule(of: .oidc) == .nothing)
        }
    }

    @Test("Another issuer under the same key inherits no user")
    func issuerChange() async throws {
        try await TestDatabase.with { database in
            try await OAuthSite.with(providers: [.oidc], database: database) { site in
                try await site.signIn(.oidc, in: site.browser())
            }
            try await OAuthSite.with(providers: [.oidc], database: database) { site in
                let other = site.browser()
                expectFailure(.providerAlreadyLinked, try await site.signIn(.oidc, in: other), in: site)
                try await site.signIn(.oidc, in: other) { $0.email = "eve@example.com" }
                #expect(try await site.user(of: other)?.email == "eve@example.com")
                #expect(try await site.sql("SELECT count(DISTINCT user_id) FROM oauth_accounts") == "2")
            }
        }
    }

    @Test("Without access to the userinfo endpoint, a linked user signs in, and a new user enters an address")
    func withoutUserInfo() async throws {
        try await OAuthSite.with(providers: [.oidc]) { site in
            try await site.signIn(.oidc, in: site.browser())
            site.mock.changeIDToken { $0.claims["email"] = nil }
            site.mock.change(.oidcUserInfo) { $0.status = 403 }
            let known = site.browser()
            let response = try await site.signIn(.oidc, in: known)
            #expect(response.header("Location") == "/")
            #expect(try await site.user(of: known)?.email == "ada@example.com")
            let redirect = try await site.signIn(.oidc, in: site.browser()) { $0.subject = "42" }
            #expect(redirect.page == PagePath.address)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("An unavailable provider prevents neither the start nor sign-ins through the others")
    func absent() async throws {
        let unavailable = try await MockProvider.with { $0.environment(of: .oidc) }
        try await OAuthSite.with(unavailable) { site in
            let response = try await site.browser().get(APIPath.startOAuth(.oidc), headers: OAuthSite.fromThisSite)
            expectFailure(.providerUnavailable, response, in: site)
            #expect(try await site.signIn(.google, in: site.browser()).header("Location") == "/")
        }
    }

    @Test("A provider without settings leads to an error page, and an invalid key to 404")
    func unknown() async throws {
        try await OAuthSite.with(providers: [.oidc]) { site in
            let off = try await site.browser().get("/api/auth/oidc_9", headers: OAuthSite.fromThisSite)
            expectFailure(.providerDisabled, off, in: site)
            for path in ["/api/auth/oidc_10", "/api/auth/oidc_1", "/api/auth/callback/oidc_10"] {
                #expect(try await site.browser().get(path, headers: OAuthSite.fromThisSite).status == 404)
            }
        }
    }
}
