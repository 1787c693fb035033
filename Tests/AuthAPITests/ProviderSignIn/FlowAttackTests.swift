import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: Callbacks that must not sign in (RFC 9700, sections 2.1 and 4.7).
@Suite struct FlowAttackTests {
    /// A change that an attacker makes to a valid callback.
    enum Forgery: String, CaseIterable {
        case withoutState = "the state is missing"
        case emptyState = "the state is empty"
        case randomState = "the state is another one"
        case shortState = "the state is cut"
        case twoStates = "the state is there twice"
        case twoCodes = "the code is there twice"
        case noCode = "there is no code"
        case hugeCode = "the code is too long"
        case hugeQuery = "the query is too long"
        case otherProvider = "it is the other provider's callback"

        /// The expected failure.
        var failure: OAuthFailure {
            switch self {
            case .twoStates, .twoCodes, .noCode, .hugeCode: .providerError
            default: .flowExpired
            }
        }

        func forge(_ target: String) -> String {
            guard var parts = URLComponents(string: target), let items = parts.queryItems else { return target }
            let state = items.filter { $0.name == "state" }
            let cut = state.map { URLQueryItem(name: $0.name, value: $0.value.map { String($0.dropLast()) }) }
            let code = items.filter { $0.name == "code" }
            let others = items.filter { $0.name != "state" }
            let withoutCode = items.filter { $0.name != "code" }
            switch self {
            case .withoutState: parts.queryItems = others
            case .emptyState: parts.queryItems = others + [.init(name: "state", value: "")]
            case .randomState: parts.queryItems = others + [.init(name: "state", value: Base64URL.random256Bits())]
            case .shortState: parts.queryItems = others + cut
            case .twoStates: parts.queryItems = items + state
            case .twoCodes: parts.queryItems = items + code
            case .noCode: parts.queryItems = withoutCode
            case .hugeCode:
                parts.queryItems = withoutCode + [.init(name: "code", value: String(repeating: "x", count: 7169))]
            case .hugeQuery:
                parts.queryItems = items + [.init(name: "scope", value: String(repeating: "x", count: 9000))]
            case .otherProvider: parts.path = APIPath.oauthCallback(.discord)
            }
            return parts.string ?? target
        }
    }

    @Test("A11: A forged callback is rejected", arguments: Forgery.allCases)
    func forgedCallback(forgery: Forgery) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let before = site.mock.count(.googleToken)
            expectFailure(forgery.failure, try await browser.get(forgery.forge(target)), in: site)
            #expect(try await site.user(of: browser) == nil)
            #expect(site.mock.count(.googleToken) == before)
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
        }
    }

    @Test("A11: A code of up to 7 KiB reaches the provider, like the long codes of Azure AD B2C")
    func longCode() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let state = try await site.begin(.google, in: browser).split(separator: "state=")[1].prefix { $0 != "&" }
            let code = String(repeating: "x", count: 7168)
            let issuer = site.mock.address.percentEncoded
            let target = "\(APIPath.oauthCallback(.google))?code=\(code)&state=\(state)&iss=\(issuer)"
            expectFailure(.flowExpired, try await browser.get(target), in: site)
            let request = try #require(site.mock.requests.last { $0.endpoint == .googleToken })
            #expect(request.body.contains("&code=\(code)&"))
        }
    }

    @Test("A11: Login CSRF: the attacker's callback in the victim's browser does not sign in")
    func loginCSRF() async throws {
        try await OAuthSite.with { site in
            let attacker = site.browser()
            let victim = site.browser()
            let target = try await site.begin(.google, in: attacker)
            expectFailure(.flowExpired, try await victim.get(target), in: site)
            // Also in a browser with a flow in progress, which stays usable.
            let own = try await site.begin(.google, in: victim)
            expectFailure(.flowExpired, try await victim.get(target), in: site)
            #expect(try await site.user(of: victim) == nil)
            #expect(victim.flows.count == 1)
            #expect(try await victim.get(own).header("Location") == "/")
        }
    }

    @Test("A11: A callback works once, whether it succeeds or fails")
    func replayed() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            #expect(try await browser.get(target).header("Location") == "/")
            // W22: A signed-in user is redirected; the code is not used again.
            #expect(try await browser.get(target).header("Location") == PagePath.account)
            expectFailure(.flowExpired, try await site.browser().get(target), in: site)
            #expect(site.mock.count(.googleToken) == 1)
            // A failure also ends the flow.
            let denied = try await site.begin(.discord, in: browser)
            let state = try #require(URLComponents(string: denied)?.queryItems?.first { $0.name == "state" }?.value)
            let rejection = "\(APIPath.oauthCallback(.discord))?error=access_denied&state=\(state)"
            expectFailure(.accessDenied, try await browser.get(rejection), in: site)
            expectFailure(.flowExpired, try await browser.get(denied), in: site, page: PagePath.account)
        }
    }

    @Test("A11: A code cannot be used twice with a copy of the cookie")
    func replayedWithCookie() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let thief = browser.copy()
            #expect(try await browser.get(target).header("Location") == "/")
            expectFailure(.flowExpired, try await thief.get(target), in: site)
            #expect(site.mock.count(.googleToken) == 2)
            #expect(try await site.user(of: thief) == nil)
        }
    }

    @Test("A11: A flow expires after ten minutes, even if the browser keeps the cookie")
    func stale() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let first = try await site.begin(.google, in: browser)
            site.api.clock.advance(by: 595)
            #expect(try await browser.get(first).header("Location") == "/")
            let other = site.browser()
            for (browser, isSignedIn) in [(browser, true), (other, false)] {
                let second = try await site.begin(.google, in: browser)
                site.api.clock.advance(by: 601)
                let response = try await browser.get(second)
                if isSignedIn {
                    #expect(response.header("Location") == PagePath.account)
                } else {
                    expectFailure(.flowExpired, response, in: site)
                }
                #expect(browser.flows.isEmpty)
            }
        }
    }

    @Test("A11: A changed or renamed cookie, or one for another purpose, is ignored")
    func tamperedCookies() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let cookie = try #require(browser.cookies.first)
            for index in [0, 12, cookie.value.count / 2, cookie.value.count - 1] {
                let thief = browser.copy()
                var characters = Array(cookie.value)
                characters[index] = characters[index] == "A" ? "B" : "A"
                thief.keep(RequestCookie(name: cookie.name, value: String(characters)))
                expectFailure(.flowExpired, try await thief.get(target), in: site)
            }
            // The first flow's cookie under the name of the second.
            let second = try await site.begin(.google, in: browser)
            let other = try #require(browser.cookies.last)
            let renaming = site.browser()
            renaming.keep(RequestCookie(name: other.name, value: cookie.value))
            expectFailure(.flowExpired, try await renaming.get(second), in: site)
            // Two cookies of the same name, one of them planted.
            let planted = "\(other.name)=\(cookie.value); \(other.name)=\(other.value)"
            let response = try await site.browser().get(second, headers: [("Cookie", planted)])
            expectFailure(.flowExpired, response, in: site)
            // The cookie of a pending link is not that of a flow, and vice versa.
            let connect = site.browser()
            connect.keep(RequestCookie(name: "oauth_connect", value: cookie.value))
            #expect(try await connect.get(APIPath.pendingLink).status == 404)
        }
    }

    @Test("A11: HEAD does not complete a callback, and unsafe methods are rejected")
    func otherMethods() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            for method in ["HEAD", "POST", "PUT", "DELETE"] {
                let response = try await browser.send(method, target)
                #expect(response.status == 405, "\(method)")
                #expect(response.header("Allow")?.contains("GET") == true)
            }
            #expect(site.mock.count(.googleToken) == 0)
            #expect(try await browser.get(target).header("Location") == "/")
        }
    }

    @Test(
        "A11: An error response becomes one of this site's codes, and is never shown",
        arguments: [
            ("access_denied", OAuthFailure.accessDenied), ("user_cancelled_login", .accessDenied),
            ("user_cancelled_authorize", .accessDenied), ("temporarily_unavailable", .providerUnavailable),
            ("server_error", .providerUnavailable), ("invalid_scope", .providerError), ("", .providerError),
            // LINE documents these in upper case.
            ("ACCESS_DENIED", .accessDenied), ("SERVER_ERROR", .providerUnavailable),
            ("access_denied ", .providerError), ("access_denıed", .providerError),
            ("<script>alert(1)</script>", .providerError), ("access_denied\r\nSet-Cookie: a=b", .providerError),
        ]
    )
    func providerSaysNo(error: String, failure: OAuthFailure) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.discord, in: browser, [("return_to", "/account")])
            let state = try #require(URLComponents(string: target)?.queryItems?.first { $0.name == "state" }?.value)
            let description = "error_description=Zebra%20stripes&error_uri=https%3A%2F%2Fevil.example"
            let response = try await browser.get(
                "\(APIPath.oauthCallback(.discord))?error=\(error.percentEncoded)&\(description)&state=\(state)"
            )
            expectFailure(failure, response, in: site)
            let location = try #require(response.header("Location"))
            #expect(response.parameter("provider") == "discord")
            #expect(response.parameter("return_to") == "/account")
            #expect(!location.contains("script") && !location.contains("Zebra") && !location.contains("evil"))
            #expect(!site.api.logs.all.joined().contains("Zebra"))
            #expect(response.all("Set-Cookie").allSatisfy { !$0.hasPrefix("a=") })
        }
    }

    @Test("A11: A response with another issuer is rejected (RFC 9207)")
    func mixUp() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            let other = target.replacing(site.mock.address.percentEncoded, with: "https%3A%2F%2Fevil.example")
            #expect(other != target)
            expectFailure(.providerError, try await browser.get(other), in: site)
        }
    }

    @Test("A11: A disabled or unavailable provider leads to the sign-in page")
    func providerDisabledOrUnavailable() async throws {
        try await OAuthSite.with(["GOOGLE_CLIENT_ID": "", "GOOGLE_CLIENT_SECRET": ""]) { site in
            let browser = site.browser()
            let response = try await browser.get("\(APIPath.startOAuth(.google))?return_to=/account")
            expectFailure(.providerDisabled, response, in: site)
            #expect(response.parameter("return_to") == "/account")
            expectFailure(.flowExpired, try await browser.get(APIPath.oauthCallback(.google)), in: site)
            #expect(try await browser.get("/api/auth/myspace").status == 404)
            #expect(try await browser.get("/api/auth/callback/myspace").status == 404)
            site.mock.change(.discordToken) { $0.delivery = .closed }
            expectFailure(.providerUnavailable, try await site.signIn(.discord, in: browser), in: site)
            site.mock.change(.discordToken) { $0.status = 500 }
            expectFailure(.providerUnavailable, try await site.signIn(.discord, in: browser), in: site)
        }
    }
}
