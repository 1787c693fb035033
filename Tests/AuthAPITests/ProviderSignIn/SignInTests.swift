import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A10, A11: The whole flow through both providers.
@Suite struct OAuthSignInTests {
    @Test("A11: The first sign-in creates an account, and later ones find it", arguments: OAuthProvider.mocked)
    func signsUpAndIn(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let response = try await site.signIn(provider, in: browser)
            #expect(response.status == 303)
            #expect(response.header("Location") == "/")
            #expect(browser.flows.isEmpty)
            let user = try #require(try await site.user(of: browser))
            #expect(user.email == "ada@example.com")
            #expect(user.name == "Ada Lovelace")
            #expect(user.avatarURL?.isEmpty == false)
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
            #expect(try await site.sql("SELECT password_hash IS NULL FROM users") == "t")

            #expect(try await browser.post(APIPath.logout, json: "").status == 204)
            #expect(try await site.user(of: browser) == nil)
            try await site.signIn(provider, in: browser)
            #expect(try await site.user(of: browser) == user)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("A11: The session is listed with its device, and ends by signing out")
    func opensASession() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            _ = try await browser.get(target, headers: [("User-Agent", "Lovelace/1.0"), ("X-Real-IP", "192.0.2.7")])
            let list: SessionListBody = try await browser.get(APIPath.sessions).decoded()
            let session = try #require(list.sessions.first)
            #expect(list.sessions.count == 1 && session.current)
            #expect(session.userAgent == "Lovelace/1.0")
            #expect(session.ipAddress == "192.0.2.7")
        }
    }

    @Test("A11: The browser returns to the page where it started", arguments: OAuthProvider.mocked)
    func returnsToThePage(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let page = "/account?tab=1&x=%C3%A9#y"
            let target = try await site.begin(provider, in: browser, [("return_to", page)])
            #expect(try await browser.get(target).header("Location") == page)
        }
    }

    @Test(
        "A13: Cookies are HttpOnly and Lax; with https, they are also Secure and have the prefix",
        arguments: [("http://localhost:8080", false), ("https://site.example", true)]
    )
    func cookieAttributes(publicURL: String, isSecure: Bool) async throws {
        try await OAuthSite.with(["PUBLIC_URL": publicURL]) { site in
            let browser = site.browser()
            let start = try await browser.get(APIPath.startOAuth(.google))
            let callback = try site.mock.authorize(
                try #require(start.header("Location")),
                redirectURI: "\(publicURL)/api/auth/callback/google"
            )
            let end = try await browser.get(callback.target)
            let cookies = start.all("Set-Cookie") + end.all("Set-Cookie")
            #expect(cookies.count == 3)
            for cookie in cookies {
                let parts = Set(cookie.split(separator: "; ").dropFirst().map(String.init))
                #expect(parts.isSuperset(of: ["Path=/", "HttpOnly", "SameSite=Lax"]))
                #expect(parts.contains("Secure") == isSecure)
                #expect(cookie.hasPrefix("__Host-") == isSecure)
                #expect(!cookie.contains("Domain"))
            }
            #expect(start.all("Set-Cookie").first?.contains("; Max-Age=600; ") == true)
            #expect(start.header("Cache-Control") == "no-store")
            #expect(start.header("Referrer-Policy") == "no-referrer")
            #expect(end.header("Cache-Control") == "no-store")
            #expect(end.header("Referrer-Policy") == "no-referrer")
            #expect(try await site.user(of: browser) != nil)
        }
    }

    @Test("A11: Without a name from the provider, it is derived from the email address")
    func nameFromEmail() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser) { user in
                user.name = nil
                user.picture = nil
            }
            let user = try await site.user(of: browser)
            #expect(user?.name == "ada")
            #expect(user?.avatarURL == nil)
        }
    }

    // CVE-2025-71401.
    @Test("A10: Forged Host, X-Forwarded-Host and X-Forwarded-Proto change neither redirect_uri nor Location")
    func forgedHost() async throws {
        try await OAuthSite.with { site in
            let headers = [
                ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
                ("Forwarded", "host=evil.example;proto=https"),
            ]
            for provider in OAuthProvider.mocked {
                site.become { $0.email = "\(provider.rawValue)@example.com" }
                let browser = site.browser()
                let start = try await browser.get(APIPath.startOAuth(provider), headers: headers)
                let callback = try site.mock.authorize(
                    try #require(start.header("Location")),
                    redirectURI: "http://localhost:8080\(APIPath.oauthCallback(provider))"
                )
                #expect(try await browser.get(callback.target, headers: headers).header("Location") == "/")
                let again = try await browser.get(callback.target, headers: headers)
                #expect(again.header("Location") == PagePath.account)
                let failed = try await site.browser().get(callback.target, headers: headers)
                #expect(failed.page == PagePath.login)
            }
        }
    }

    @Test("E8: Sign-ins through a provider are counted by outcome; linking is not counted")
    func counted() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            try await site.link(.google, in: browser) { $0.email = "countess@example.com" }
            try await site.signIn(.google, in: site.browser())
            try await site.signIn(.discord, in: site.browser())
            _ = try await site.browser().get(APIPath.oauthCallback(.discord))
            let text = await site.api.app.metrics.registry.text()
            for (labels, count) in [
                (#"method="google",outcome="ok""#, 1), (#"method="discord",outcome="password_needed""#, 1),
                (#"method="discord",outcome="flow_expired""#, 1),
            ] {
                #expect(text.contains("\(APIMetric.signIns){\(labels)} \(count)\n"), "\(labels)")
            }
        }
    }
}
