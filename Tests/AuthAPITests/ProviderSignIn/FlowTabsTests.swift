import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Shared
import Testing

@testable import AuthAPI

/// A11: Several flows in one browser, and their return pages.
@Suite struct FlowTabsTests {
    // One state cookie for each browser would break parallel tabs (better-auth #4969).
    @Test("A11: five tabs finish in any order")
    func fiveTabs() async throws {
        try await OAuthSite.with { site in
            site.become { $0.email = "ada@gmail.com" }
            // Google is the authority for the address, and Discord's account is there first.
            let browser = site.browser()
            var targets: [String] = []
            for number in 1...5 {
                let provider: OAuthProvider = number % 2 == 0 ? .google : .discord
                targets.append(try await site.begin(provider, in: browser, [("return_to", "/page/\(number)")]))
            }
            #expect(browser.flows.count == 5)
            for number in [3, 1, 5, 2, 4] {
                let response = try await browser.get(targets[number - 1])
                #expect(response.header("Location") == "/page/\(number)")
            }
            #expect(browser.flows.isEmpty)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("A11: A sixth tab replaces the oldest, and expired cookies are deleted")
    func sixthTab() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            browser.keep(RequestCookie(name: "oauth_flow_0123456789abcdef", value: "garbage"))
            browser.keep(RequestCookie(name: "oauth_flow_of_another_site", value: "stays"))
            var targets: [String] = []
            for _ in 1...6 {
                targets.append(try await site.begin(.google, in: browser))
                site.api.clock.advance(by: 1)
            }
            #expect(browser.flows.count == 6)
            #expect(browser.flows.contains("oauth_flow_of_another_site"))
            expectFailure(.flowExpired, try await browser.get(targets[0]), in: site)
            for target in targets.dropFirst() {
                #expect(try await browser.get(target).header("Location") == "/")
            }
            #expect(browser.flows == ["oauth_flow_of_another_site"])
        }
    }

    @Test("A11: Any number of cookies causes a bounded number of decryptions and header lines")
    func manyCookies() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            for number in 0..<200 {
                let hex = String(UInt64(number) + 0x1000_0000_0000_0000, radix: 16)
                browser.keep(RequestCookie(name: "oauth_flow_\(hex)", value: "x"))
            }
            let response = try await browser.get(APIPath.startOAuth(.google))
            #expect(response.status == 303)
            #expect(response.all("Set-Cookie").count <= 21)
        }
    }

    // OWASP "Unvalidated Redirects and Forwards".
    @Test(
        "A11: return_to leads to a page of this site or to the home page",
        arguments: [
            "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
            "/%2fevil.example", "/%5Cevil.example", "/.//evil.example", "/x/..//evil.example", "/\t/evil.example",
            "/\n/evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "@evil.example", "",
            "http:evil.example", "/\u{2028}evil", "/é", String(repeating: "/x", count: 300), "/a\r\nLocation: //evil",
        ]
    )
    func openRedirects(returnTo: String) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser, [("return_to", returnTo)])
            #expect(try await browser.get(target).header("Location") == "/")
            let denied = try await browser.get("\(target)&error=access_denied")
            #expect(denied.page == PagePath.login)
            #expect(denied.parameter("return_to") == nil)
        }
    }

    @Test("A11: Two return addresses are both ignored, and link accepts only a ticket")
    func ambiguousParameters() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            let two = try await site.begin(.google, in: browser, [("return_to", "/a"), ("return_to", "/b")])
            #expect(try await browser.get(two).header("Location") == "/")
            let other = "\(APIPath.startOAuth(.google))?link=1"
            let response = try await browser.get(other, headers: OAuthSite.fromThisSite)
            expectFailure(.notFromThisSite, response, in: site)
        }
    }

    // During a deployment, one version begins the flow and another finishes it.
    @Test(
        "A11: The version before reads a flow, and this version reads that version's",
        arguments: [
            (#""i":"code""#, .signIn(invite: "code")), (#""r":"/page""#, .signIn(invite: nil)),
            (#""l":"00000000-0000-4000-8000-00000000000A""#, .link(id)),
            (
                #""c":"00000000-0000-4000-8000-00000000000A","t":1700000000"#,
                .confirm(id, startedAt: Date(timeIntervalSince1970: 1_700_000_000))
            ),
        ] as [(String, SignInFlow.Purpose)]
    )
    func storedForm(fields: String, purpose: SignInFlow.Purpose) throws {
        let stored = Data(#"{"n":"2","p":"google","s":"1","v":"3",\#(fields)}"#.utf8)
        let flow = try JSONDecoder().decode(SignInFlow.self, from: stored)
        #expect(flow.purpose == purpose)
        let decoded = try JSONSerialization.jsonObject(with: stored) as? NSDictionary
        let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(flow)) as? NSDictionary
        #expect(decoded != nil && encoded == decoded)
    }

    static let id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x0A))

    // RFC 6265, section 6.1; nginx and the server take 16 KiB for a line of headers.
    @Test("A11: Browsers store the largest cookies, and all of them together fit into a header line")
    func cookieSizes() throws {
        let settings = try TestAPI.settings(["PUBLIC_URL": "https://site.example"], databaseURL: "postgresql://u@h/d")
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/"),
            body: .init(buffer: ByteBuffer())
        )
        var response = Response(status: .seeOther)
        let longest = try #require(ReturnPath("/" + String(repeating: "a", count: ReturnPath.maximumLength - 1)))
        let flow = SignInFlow(.discord, for: .link(UserID()), returnTo: longest)
        try FlowCookies<SignInFlow>(settings, now: { Date.now }).keep(flow, of: request, on: &response)
        let domain = String(repeating: "b.", count: 90) + "example"
        let email = try EmailAddress(String(repeating: "a", count: 60) + "@" + domain)
        let identity = ProviderIdentity(
            provider: .discord,
            issuer: "https://discord.com/" + String(repeating: "a", count: 400),
            subject: String(repeating: "\"", count: 255),
            email: email,
            unverifiedEmail: nil,
            isEmailAuthority: false,
            displayName: String(repeating: "🧑‍🚀", count: 60),
            avatarURL: "https://cdn.discordapp.com/" + String(repeating: "/", count: 997),
            tokens: ProviderTokens(accessToken: Secret("x"), refreshToken: nil, expiresAt: nil)
        )
        try PendingLinkCookie(settings, now: { Date.now }).keep(PendingLink(identity, email: email), on: &response)
        let unverified = ProviderIdentity(
            provider: try #require(OAuthProvider(rawValue: String(repeating: "p", count: OAuthProvider.maximumLength))),
            issuer: identity.issuer + String(repeating: "a", count: 92),
            subject: identity.subject,
            email: nil,
            unverifiedEmail: email,
            isEmailAuthority: false,
            displayName: String(repeating: "\u{1F469}", count: DisplayName.maximumLength),
            avatarURL: "https://cdn.discordapp.com/" + String(repeating: "/", count: 485),
            tokens: identity.tokens
        )
        let pending = PendingAddress(unverified, invite: String(repeating: "c", count: 22))
        #expect(pending.avatarURL != nil)
        try PendingAddressCookie(settings, now: { Date.now }).keep(pending, on: &response)
        let sizes = response.headers[values: .setCookie].map(\.utf8.count)
        try #require(sizes.count == 3)
        #expect(sizes.allSatisfy { $0 < 4096 })
        // A token has about 500 bytes.
        // A browser has one of the other two.
        #expect(FlowCookies<SignInFlow>.limit * sizes[0] + max(sizes[1], sizes[2]) + 600 < 12 * 1024)
    }
}
