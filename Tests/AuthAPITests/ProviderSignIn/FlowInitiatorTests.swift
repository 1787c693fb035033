import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// W18: A flow from outside requires a confirmation before it replaces a session; W7: the replaced session ends.
@Suite struct FlowInitiatorTests {
    private static let elsewhere: [[(String, String)]] = [
        [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "SAME-ORIGIN")],
        [("Sec-Fetch-Site", "cross-site"), ("Referer", "http://localhost:8080/login")],
        [("Referer", "https://evil.example/")], [("Referer", "https://localhost:8080.evil.example/login")],
        [("Referer", "http://evil.example/http://localhost:8080/")], [("Referer", "about:blank")], [("Referer", "x")],
        [("Origin", "null")], [("Origin", "https://evil.example")],
        [("Origin", "https://evil.example"), ("Referer", "http://localhost:8080/login")],
        [("Referer", "http://localhost:8080" + String(repeating: "a", count: 600))], [("Referer", "")],
    ]

    @Test("W18: A request from another site leads to the confirmation page, signed in or not", arguments: elsewhere)
    func requiresConfirmation(headers: [(String, String)]) async throws {
        try await OAuthSite.with { site in
            for browser in [site.browser(), try await site.api.registered()] {
                let before = try await site.user(of: browser)
                for provider in OAuthProvider.mocked {
                    let start = "\(APIPath.startOAuth(provider))?return_to=/account"
                    let response = try await browser.get(start, headers: headers)
                    #expect(response.status == 303)
                    let page = "/login?confirm=\(provider.rawValue)&return_to=%2Faccount"
                    #expect(response.header("Location") == page)
                    #expect(browser.flows.isEmpty)
                }
                #expect(try await site.user(of: browser) == before)
            }
        }
    }

    @Test("W18: With an unknown origin, only a browser with a session must confirm")
    func unknownOrigin() async throws {
        try await OAuthSite.with { site in
            let signedIn = try await site.api.registered()
            for headers in [[], [("Sec-Fetch-Site", "none")]] {
                let confirmation = try await signedIn.get(APIPath.startOAuth(.google), headers: headers)
                #expect(confirmation.header("Location") == "/login?confirm=google")
                let anonymous = try await site.browser().get(APIPath.startOAuth(.google), headers: headers)
                #expect(anonymous.header("Location")?.hasPrefix(site.mock.address) == true)
            }
        }
    }

    @Test(
        "W18: A page of this site starts the flow directly",
        arguments: [
            [("Sec-Fetch-Site", "same-origin")], [("Referer", "http://localhost:8080/login?return_to=/")],
            [("Referer", "http://localhost:8080")], [("Origin", "http://localhost:8080")],
        ]
    )
    func startsDirectly(headers: [(String, String)]) async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let response = try await browser.get(APIPath.startOAuth(.google), headers: headers)
            #expect(response.header("Location")?.hasPrefix(site.mock.address) == true)
        }
    }

    @Test("W18, W7: The session that a provider sign-in replaces ends, and the audit trail has the reason")
    func replacedSessionEnds() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered(email: "grace@example.com", name: "Grace")
            let elsewhere = site.browser()
            let login = ["email": "grace@example.com", "password": "Correct-Horse-7"]
            #expect(try await elsewhere.post(APIPath.login, login).status == 200)
            let former = browser.copy()
            try await site.signIn(.google, in: browser)
            #expect(try await site.user(of: browser)?.email == "ada@example.com")
            #expect(try await site.user(of: former) == nil)
            #expect(try await site.user(of: elsewhere)?.email == "grace@example.com")
            let summaries = try await site.api.database.events().map(\.summary)
            #expect(summaries.contains("session_ended replaced"))
            // Again, as the same user.
            let second = browser.copy()
            try await site.signIn(.google, in: browser)
            #expect(try await site.user(of: second) == nil)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "2")
        }
    }

    @Test("W18: A failed sign-in replaces nothing, and neither does an invalid cookie")
    func nothingReplaced() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let failed = try await site.signIn(.google, in: browser) { $0.isEmailVerified = false }
            #expect(failed.page == PagePath.address)
            #expect(try await site.user(of: browser) != nil)
            let other = site.browser()
            other.keep(RequestCookie(name: "access_token", value: "a.b.c"))
            let target = try await site.begin(.discord, in: other)
            site.become { $0.email = "grace@example.com" }
            #expect(try await other.get(target).status == 303)
            #expect(try await site.user(of: browser) != nil)
        }
    }

    // A12, W2
    @Test("W2: Linking requires the session's ticket for the provider")
    func tickets() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            let second = site.browser()
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            #expect(try await second.post(APIPath.login, login).status == 200)
            let other = try await site.api.registered(email: "mallory@example.com", name: "Mallory")
            let ticket = try await site.ticket(for: .google, in: owner)
            let linkable = try #require(try await site.methods(of: owner).linkable)
            #expect(linkable.map(\.provider) == [.google, .discord])
            let bad = [
                "true", "", "1", ticket + "A", String(ticket.dropLast()), ticket.lowercased(), "A" + ticket.dropFirst(),
                try await site.ticket(for: .discord, in: owner), try await site.ticket(for: .google, in: second),
                try await site.ticket(for: .google, in: other), String(repeating: "A", count: 5000),
                "\(ticket)&link=\(ticket)", "%0a\(ticket)", try #require(owner.token),
            ]
            for link in bad {
                let start = "\(APIPath.startOAuth(.google))?link=\(link)&return_to=/account"
                let response = try await owner.get(start, headers: OAuthSite.fromThisSite)
                expectFailure(.notFromThisSite, response, in: site)
                #expect(owner.flows.isEmpty)
            }
            // The API's ticket works, and for some time, if the user signed in recently.
            site.api.clock.advance(by: 86_400)
            try await site.sql("UPDATE sessions SET created_at = created_at + interval '1 day'")
            let target = try await site.begin(.google, in: owner, [("link", linkable[0].ticket)])
            #expect(try await owner.get(target).header("Location") == "/account?connected=google")
            #expect(try await site.methods(of: owner).linkable?.map(\.provider) == [.discord])
        }
    }

    @Test("W2: A return path of the API is rejected, at the start and at the end")
    func returnPaths() async throws {
        try await OAuthSite.with { site in
            for path in ["/api/auth/google?link=true", "/%61pi/auth/google", "/API/auth/google", "/logout"] {
                let browser = site.browser()
                let target = try await site.begin(.google, in: browser, [("return_to", path)])
                #expect(try await browser.get(target).header("Location") == "/")
            }
        }
    }

    @Test("W23: When connecting, and on request, the provider asks which account to use")
    func choosing() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            for (provider, prompt) in [(OAuthProvider.google, "select_account"), (.discord, "consent")] {
                let path = APIPath.startOAuth(provider)
                let ticket = try await site.ticket(for: provider, in: browser)
                for (query, expected) in [("", nil), ("?choose=true", prompt), ("?link=\(ticket)", prompt)] {
                    let response = try await browser.get(path + query, headers: OAuthSite.fromThisSite)
                    #expect(response.header("Location")?.hasPrefix(site.mock.address) == true)
                    #expect(response.parameter("prompt") == expected)
                }
            }
        }
    }

    @Test("W22: A reloaded callback redirects if its user is signed in", arguments: OAuthProvider.mocked)
    func loadedAgain(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(provider, in: browser, [("return_to", "/account")])
            #expect(try await browser.get(target).header("Location") == "/account")
            for _ in 0..<2 { #expect(try await browser.get(target).header("Location") == "/account") }
            // A new code for the same state, as after the button "Back" to the provider.
            let again = target.replacing("code=", with: "code=another")
            #expect(try await browser.get(again).header("Location") == "/account")
            #expect(try await site.user(of: browser) != nil)
            // A flow that failed at the provider did not succeed before.
            let state = target.split(separator: "state=")[1].prefix { $0 != "&" }
            let denied = "\(APIPath.oauthCallback(provider))?error=access_denied&state=\(state)"
            #expect(try await browser.get(denied).failure == .flowExpired)
            // Signed out, there is no session to continue.
            #expect(try await browser.post(APIPath.logout, json: "").status == 204)
            expectFailure(.flowExpired, try await browser.get(target), in: site)
        }
    }

    @Test("W22: A signed-in user without a linked account of the provider sees that connecting failed")
    func expiredLinking() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            let target = try await site.beginLinking(.google, in: browser)
            site.api.clock.advance(by: 601)
            expectFailure(.flowExpired, try await browser.get(target), in: site, page: PagePath.account)
        }
    }
}
