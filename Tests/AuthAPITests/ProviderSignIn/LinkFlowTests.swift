import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// A12: Linking a provider account from the account page.
@Suite struct LinkFlowTests {
    @Test("A12: A signed-in user links a provider account and signs in with it", arguments: OAuthProvider.mocked)
    func links(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered(email: "countess@example.com")
            let response = try await site.link(provider, in: browser)
            #expect(response.header("Location") == "/account?connected=\(provider.rawValue)")
            #expect(response.all("Set-Cookie").allSatisfy { !$0.contains("access_token=") })
            let methods = try await site.methods(of: browser)
            #expect(methods.hasPassword)
            #expect(methods.identities.map(\.provider) == [provider])
            #expect(methods.identities.map(\.email) == ["ada@example.com"])
            // Another email address does not verify the user's.
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            let other = site.browser()
            try await site.signIn(provider, in: other)
            #expect(try await site.user(of: other)?.email == "countess@example.com")
            // Linking it again is not an error.
            let again = try await site.link(provider, in: browser)
            #expect(again.header("Location") == "/account?connected=\(provider.rawValue)")
            #expect(try await site.methods(of: browser).identities.count == 1)
        }
    }

    @Test("A12: Linking an account with the user's email address verifies it", arguments: [false, true])
    func provesTheAddress(isMixedCase: Bool) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            // As an earlier backend may have stored it.
            if isMixedCase { try await site.sql("UPDATE users SET email = 'Ada@Example.com'") }
            try await site.link(.google, in: browser)
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
        }
    }

    @Test("W22: A callback that a browser loads twice links without an error", arguments: OAuthProvider.mocked)
    func loadedTwice(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let target = try await site.beginLinking(provider, in: browser)
            // The same browser, before it receives a response.
            let (second, third) = (browser.copy(), browser.copy())
            let invented = target.replacing("code=", with: "code=another")
            expectFailure(.flowExpired, try await third.get(invented), in: site, page: PagePath.account)
            for tab in [browser, second] {
                let response = try await tab.get(target)
                #expect(response.header("Location") == "/account?connected=\(provider.rawValue)")
            }
            #expect(try await site.methods(of: browser).identities.count == 1)
        }
    }

    @Test("A12: Linking requires a session")
    func withoutSession() async throws {
        try await OAuthSite.with { site in
            let path = "\(APIPath.startOAuth(.google))?link=true"
            let response = try await site.browser().get(path, headers: [("Sec-Fetch-Site", "same-origin")])
            expectFailure(.signInRequired, response, in: site)
            #expect(response.all("Set-Cookie").isEmpty)
        }
    }

    @Test(
        "A12: Another site cannot start linking",
        arguments: [
            [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "none")],
            [("Sec-Fetch-Site", "cross-site"), ("Referer", "http://localhost:8080/account")], [],
            [("Referer", "http://evil.example/http://localhost:8080/")],
            [("Referer", "http://localhost:8080.evil.example/account")],
            [("Referer", "https://localhost:8080/account")],
        ]
    )
    func fromElsewhere(headers: [(String, String)]) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let ticket = try await site.ticket(for: .google, in: browser)
            let response = try await browser.get("\(APIPath.startOAuth(.google))?link=\(ticket)", headers: headers)
            expectFailure(.notFromThisSite, response, in: site)
            #expect(browser.flows.isEmpty)
        }
    }

    @Test("A12: Without Fetch Metadata, Referer identifies a page of this site")
    func byReferer() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let target = try await site.begin(
                .google,
                in: browser,
                [("link", site.ticket(for: .google, in: browser))],
                headers: [("Referer", "http://localhost:8080/account?x=1")]
            )
            #expect(try await browser.get(target).header("Location") == "/account?connected=google")
        }
    }

    @Test("A12: A bearer token that another proxy adds neither hides the cookie nor replaces it")
    func addedAuthorization() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let ticket = try await site.ticket(for: .google, in: browser)
            let token = try #require(browser.token)
            let headers = OAuthSite.fromThisSite + [("Authorization", "Bearer \(token)")]
            let path = "\(APIPath.startOAuth(.google))?link=\(ticket)"
            expectFailure(.signInRequired, try await site.browser().get(path, headers: headers), in: site)

            let added = [("Authorization", "Bearer of-another-server")]
            let target = try await site.begin(
                .google,
                in: browser,
                [("link", ticket)],
                headers: OAuthSite.fromThisSite + added
            )
            let response = try await browser.get(target, headers: added)
            #expect(response.header("Location") == "/account?connected=google")
        }
    }

    @Test("A12: A stolen session cannot link an account that would keep access; signing in again, or confirming, can")
    func recentSignIn() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser)
            try await site.sql("UPDATE oauth_accounts SET created_at = now() - interval '8 days'")
            let path = "\(APIPath.startOAuth(.discord))?link=\(try await site.ticket(for: .discord, in: browser))"
            for age in ["10 minutes", "6 days"] {
                try await site.sql("UPDATE sessions SET created_at = now() - interval '\(age)'")
                let response = try await browser.get(path, headers: OAuthSite.fromThisSite)
                expectFailure(.signInAgain, response, in: site)
                #expect(response.parameter(PagePath.returnParameter) == PagePath.account)
                #expect(browser.flows.isEmpty)
            }
            try await site.sql("UPDATE sessions SET created_at = now() - interval '9 minutes'")
            _ = try await site.beginLinking(.discord, in: browser)
            try await site.sql("UPDATE sessions SET created_at = now() - interval '1 day', reauthenticated_at = now()")
            try await site.link(.discord, in: browser) { $0.email = "countess@example.com" }
            #expect(try await site.methods(of: browser).identities.count == 2)
        }
    }

    @Test("A12: A provider account linked to another user is not moved")
    func identityTaken() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let other = try await site.api.registered(email: "mallory@example.com", name: "Mallory")
            let response = try await site.link(.google, in: other)
            expectFailure(.identityTaken, response, in: site, page: PagePath.account)
            #expect(try await site.methods(of: other).identities.isEmpty)
            #expect(try await site.methods(of: owner).identities.count == 1)
        }
    }

    @Test("A12: A user has at most one account of each provider")
    func providerAlreadyLinked() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            try await site.link(.google, in: browser)
            let response = try await site.link(.google, in: browser) { $0.subject = "another-subject" }
            expectFailure(.providerAlreadyLinked, response, in: site, page: PagePath.account)
            #expect(try await site.methods(of: browser).identities.count == 1)
            // The database enforces it, too.
            let error = await #expect(throws: PostgresError.self) {
                try await site.sql(
                    """
                    INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
                    SELECT id, 'google', 'third' FROM users
                    """
                )
            }
            #expect(error?.violates("oauth_accounts_user_provider_key") == true)
        }
    }

    @Test("A12: Signing out, or in as another user, during the flow links nothing")
    func sessionChanged() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let signedOut = try await site.beginLinking(.google, in: browser)
            _ = try await browser.post(APIPath.logout, json: "")
            expectFailure(.signInRequired, try await browser.get(signedOut), in: site)

            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            #expect(try await browser.post(APIPath.login, login).status == 200)
            let changed = try await site.beginLinking(.google, in: browser)
            let body = ["email": "mallory@example.com", "password": "Correct-Horse-7", "name": "Mallory"]
            #expect(try await browser.post(APIPath.register, body).status == 201)
            expectFailure(.signInRequired, try await browser.get(changed), in: site)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
        }
    }

    // The sessions of a disabled user are rejected before they are deleted.
    @Test(
        "A12, D6: A session that ends during the request to the provider links nothing",
        arguments: ["DELETE FROM sessions", "UPDATE users SET disabled_at = now()"]
    )
    func sessionEndsMeanwhile(how: String) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let target = try await site.beginLinking(.discord, in: browser)
            site.mock.change(.discordUser) { $0.delivery = .held }
            async let response = browser.get(target)
            try await eventually("Discord is asked") { site.mock.count(.discordUser) > 0 }
            try await site.sql(how)
            site.mock.release()
            expectFailure(.signInRequired, try await response, in: site)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
        }
    }

    @Test("A12: Denying access leads back to /account")
    func denied() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let target = try await site.beginLinking(.google, in: browser)
            let state = try #require(URLComponents(string: target)?.queryItems?.first { $0.name == "state" }?.value)
            let response = try await browser.get("\(APIPath.oauthCallback(.google))?error=access_denied&state=\(state)")
            expectFailure(.accessDenied, response, in: site, page: PagePath.account)
            #expect(try await site.user(of: browser) != nil)
        }
    }
}
