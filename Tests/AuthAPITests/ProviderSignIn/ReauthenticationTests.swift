import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Signing in again at a provider, to set a first password or to delete the account.
@Suite struct ReauthenticationTests {
    private static func confirmation(of browser: TestClient) async throws -> ConfirmationBody {
        try await browser.get(APIPath.confirmation).decoded()
    }

    /// Starts like the password page; returns the callback address.
    private static func begin(
        _ provider: OAuthProvider,
        in browser: TestClient,
        of site: OAuthSite
    ) async throws -> String {
        let offered = try await confirmation(of: browser).providers
        let ticket = try #require(offered.first { $0.provider == provider }?.ticket)
        return try await site.begin(
            provider,
            in: browser,
            [("reauthenticate", ticket), ("return_to", PagePath.password)]
        )
    }

    private static func setPassword(_ browser: TestClient) async throws -> TestResponse {
        try await browser.post(APIPath.password, ["new_password": "Battery-Staple-8"])
    }

    @Test("A user without a password signs in again and sets one", arguments: OAuthProvider.kinds)
    func setsFirstPassword(provider: OAuthProvider) async throws {
        try await OAuthSite.with(providers: [.oidc]) { site in
            let owner = site.browser()
            try await site.signIn(provider, in: owner)
            // The sign-in that opened the session may come from the provider's session, not from the user.
            let early = try await Self.setPassword(owner)
            #expect(early.status == 403)
            let before = try await Self.confirmation(of: owner)
            #expect(!before.hasPassword && before.reauthenticatedUntil == nil)
            #expect(before.providers.map(\.provider) == [provider])
            // The email address does not matter: the identity is known.
            site.become { $0.isEmailVerified = false }
            let target = try await Self.begin(provider, in: owner, of: site)
            let events = try await expectEvents(
                ["reauthenticated \(provider.rawValue)"],
                status: 303,
                in: site.api.database
            ) { try await owner.get(target, headers: Visitor.headers) }
            #expect(events[0].session == (try await site.sql("SELECT id FROM sessions")))
            let after = try await Self.confirmation(of: owner)
            let until = try #require(after.reauthenticatedUntil)
            #expect((540...600).contains(until.timeIntervalSince(.now)))
            let response = try await Self.setPassword(owner)
            #expect(response.status == 200)
            let login = ["email": "ada@example.com", "password": "Battery-Staple-8"]
            let signedIn = try await site.browser().post(APIPath.login, login)
            #expect(signedIn.status == 200)
        }
    }

    @Test("An OpenID provider must ask the user to sign in, and the browser returns to the page")
    func asksForSignIn() async throws {
        try await OAuthSite.with(providers: [.oidc]) { site in
            let owner = site.browser()
            try await site.signIn(.oidc, in: owner)
            let ticket = try #require(try await Self.confirmation(of: owner).providers.first?.ticket)
            let start = "\(APIPath.startOAuth(.oidc))?reauthenticate=\(ticket)&return_to=/account/delete"
            let response = try await owner.get(start, headers: OAuthSite.fromThisSite)
            #expect(response.parameter("prompt") == "login" && response.parameter("max_age") == "0")
            let back = try await owner.get(site.mock.authorize(try #require(response.header("Location"))).target)
            #expect(back.header("Location") == PagePath.deletion)
            // Other pages are not accepted for this purpose.
            let astray = "\(APIPath.startOAuth(.oidc))?reauthenticate=\(ticket)&return_to=/elsewhere"
            let other = try await owner.get(astray, headers: OAuthSite.fromThisSite)
            let end = try await owner.get(site.mock.authorize(try #require(other.header("Location"))).target)
            #expect(end.header("Location") == PagePath.account)
        }
    }

    @Test(
        "Google and Discord, which do not confirm the time of a sign-in, show the account",
        arguments: [(.google, "select_account"), (.discord, "consent")] as [(OAuthProvider, String)]
    )
    func asksForAccount(provider: OAuthProvider, prompt: String) async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(provider, in: owner)
            let ticket = try #require(try await Self.confirmation(of: owner).providers.first?.ticket)
            let start = "\(APIPath.startOAuth(provider))?reauthenticate=\(ticket)&return_to=/account/password"
            let response = try await owner.get(start, headers: OAuthSite.fromThisSite)
            #expect(response.parameter("prompt") == prompt && response.parameter("max_age") == nil)
        }
    }

    @Test("Google's ID tokens have no auth_time, or that of an older sign-in: the completed flow confirms")
    func googleSignIn() async throws {
        let changes: [@Sendable (inout MockToken) -> Void] = [
            { token in
                let hasTime = token.claims["auth_time"] != nil
                #expect(!hasTime)
            },
            { $0.claims["auth_time"] = Int(Date.now.timeIntervalSince1970) - 86_400 },
        ]
        for change in changes {
            try await OAuthSite.with { site in
                let owner = site.browser()
                try await site.signIn(.google, in: owner)
                site.mock.changeIDToken(change)
                let response = try await owner.get(Self.begin(.google, in: owner, of: site))
                #expect(response.header("Location") == PagePath.password)
                let until = try #require(try await Self.confirmation(of: owner).reauthenticatedUntil)
                #expect((540...600).contains(until.timeIntervalSince(.now)))
                let password = try await Self.setPassword(owner)
                #expect(password.status == 200)
            }
        }
    }

    @Test("An OpenID provider's ID token without a recent sign-in confirms nothing")
    func staleSignIn() async throws {
        let changes: [@Sendable (inout MockToken) -> Void] = [
            { $0.claims["auth_time"] = nil }, { $0.claims["auth_time"] = Int(Date.now.timeIntervalSince1970) - 120 },
            { $0.claims["auth_time"] = "now" }, { $0.claims["auth_time"] = 0 },
            { $0.claims["auth_time"] = Int(Date.now.timeIntervalSince1970) + 600 },
        ]
        try await OAuthSite.with(providers: [.oidc]) { site in
            let owner = site.browser()
            try await site.signIn(.oidc, in: owner)
            for change in changes {
                let target = try await Self.begin(.oidc, in: owner, of: site)
                site.mock.changeIDToken(change)
                let response = try await owner.get(target)
                expectFailure(.notReauthenticated, response, in: site, page: PagePath.password)
                site.mock.changeIDToken(nil)
                let rejected = try await Self.setPassword(owner)
                #expect(rejected.status == 403)
            }
        }
    }

    @Test("A stolen session confirms nothing with another provider account, nor with one that it has just linked")
    func stolenSession() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let thief = owner.copy()
            site.become { $0.subject = "666" }
            let target = try await Self.begin(.google, in: thief, of: site)
            expectFailure(.identityDiffers, try await thief.get(target), in: site, page: PagePath.password)
            try await site.link(.discord, in: thief) { $0.discordID = "666" }
            // The thief's identity is not even offered.
            let offered = try await Self.confirmation(of: thief).providers.map(\.provider)
            #expect(offered == [.google])
            let token = Secret(try #require(thief.token))
            let session = try #require(try await site.api.app.routes.sessions.service.signedIn(with: token))
            let ticket = try site.api.app.routes.identities.tickets.ticket(
                .reauthenticate,
                for: .discord,
                session: session.sessionID
            ).ticket
            let forced = try await site.begin(
                .discord,
                in: thief,
                [("reauthenticate", ticket), ("return_to", PagePath.password)]
            )
            expectFailure(.identityTooNew, try await thief.get(forced), in: site, page: PagePath.password)
            let rejected = try await Self.setPassword(thief)
            #expect(rejected.status == 403)
            try await site.sql("UPDATE oauth_accounts SET created_at = created_at - interval '8 days'")
            let later = try await Self.confirmation(of: owner).providers.map(\.provider)
            #expect(later == [.google, .discord])
        }
    }

    @Test("Signing in again starts only with the ticket of the session, from a page of this site")
    func tickets() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let ticket = try #require(try await Self.confirmation(of: owner).providers.first?.ticket)
            let linking = try await site.ticket(for: .google, in: owner)
            let other = site.browser()
            try await site.signIn(.google, in: other)
            let path = "\(APIPath.startOAuth(.google))?return_to=/account/password&reauthenticate="
            for (browser, query, headers) in [
                (owner, ticket, [("Sec-Fetch-Site", "cross-site")]), (owner, ticket, []),
                (owner, linking, OAuthSite.fromThisSite), (owner, "true", OAuthSite.fromThisSite),
                (owner, "\(ticket)&reauthenticate=\(ticket)", OAuthSite.fromThisSite),
                (other, ticket, OAuthSite.fromThisSite),
            ] {
                let response = try await browser.get(path + query, headers: headers)
                expectFailure(.notFromThisSite, response, in: site, page: PagePath.password)
            }
            let anonymous = try await site.browser().get(path + ticket, headers: OAuthSite.fromThisSite)
            expectFailure(.signInRequired, anonymous, in: site)
            // The ticket does not start linking either.
            let link = "\(APIPath.startOAuth(.google))?link=\(ticket)"
            expectFailure(.notFromThisSite, try await owner.get(link, headers: OAuthSite.fromThisSite), in: site)
        }
    }

    @Test("Signing in again confirms changes only for the session that started it, while that is live")
    func sessions() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let other = site.browser()
            try await site.signIn(.google, in: other)
            let target = try await Self.begin(.google, in: owner, of: site)
            // A browser with another session of the same user gets the flow's cookie.
            for cookie in owner.cookies where cookie.name.contains("oauth_flow_") { other.keep(cookie) }
            expectFailure(.signInRequired, try await other.get(target), in: site)
            let second = try await Self.begin(.google, in: owner, of: site)
            try await site.sql("DELETE FROM sessions")
            expectFailure(.signInRequired, try await owner.get(second), in: site)
            #expect(try await site.sql("SELECT count(*) FROM audit_events WHERE event = 'reauthenticated'") == "0")
        }
    }

    @Test("W22: A callback that a browser loads twice confirms without an error", arguments: OAuthProvider.mocked)
    func loadedTwice(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(provider, in: owner)
            let target = try await Self.begin(provider, in: owner, of: site)
            // The same browser, before it receives a response.
            let (second, third) = (owner.copy(), owner.copy())
            let invented = target.replacing("code=", with: "code=another")
            expectFailure(.flowExpired, try await third.get(invented), in: site, page: PagePath.password)
            for tab in [owner, second] {
                let response = try await tab.get(target)
                #expect(response.header("Location") == PagePath.password)
            }
            #expect(try await site.sql("SELECT count(*) FROM audit_events WHERE event = 'reauthenticated'") == "1")
        }
    }

    @Test("Signing in again confirms deleting the account, also instead of a password")
    func deletes() async throws {
        for hasPassword in [false, true] {
            try await OAuthSite.with { site in
                let owner = hasPassword ? try await site.api.registered() : site.browser()
                if hasPassword {
                    try await site.link(.google, in: owner)
                    try await site.sql("UPDATE oauth_accounts SET created_at = created_at - interval '8 days'")
                } else {
                    try await site.signIn(.google, in: owner)
                }
                let body = ["email": "ada@example.com"]
                let early = try await owner.post(APIPath.deletion, body)
                #expect(early.status == (hasPassword ? 422 : 403))
                _ = try await owner.get(Self.begin(.google, in: owner, of: site))
                site.api.clock.advance(by: 601)
                let late = try await owner.post(APIPath.deletion, body)
                #expect(late.status == (hasPassword ? 422 : 403))
                _ = try await owner.get(Self.begin(.google, in: owner, of: site))
                // A password is still changed with the password alone.
                if hasPassword {
                    let change = try await Self.setPassword(owner)
                    #expect(try change.fieldCodes == ["current_password required"])
                }
                let response = try await owner.post(APIPath.deletion, body)
                #expect(response.status == 204)
                #expect(try await site.sql("SELECT count(*) FROM users") == "0")
            }
        }
    }
}
