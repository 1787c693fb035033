import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A12: Linking a provider account with the password of the user who has its email address.
@Suite struct PendingLinkTests {
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]

    /// Runs `body` with a browser that has a pending link of the provider.
    private static func withPending(
        _ provider: OAuthProvider = .google,
        _ body: @Sendable (OAuthSite, TestClient) async throws -> Void
    ) async throws {
        try await OAuthSite.with { site in
            _ = try await site.api.registered()
            let browser = site.browser()
            let target = try await site.begin(provider, in: browser, [("return_to", "/account?x=1")])
            let response = try await browser.get(target)
            #expect(response.page == PagePath.login)
            #expect(response.parameter("connect") == provider.rawValue)
            #expect(response.parameter("return_to") == "/account?x=1")
            #expect(response.failure == nil)
            try await body(site, browser)
        }
    }

    private static func linking(_ provider: String, _ changes: [String: String] = [:]) -> [String: String] {
        login.merging(["connect": provider]) { $1 }.merging(changes) { $1 }
    }

    @Test("A12: The password links the account, signs in and verifies the email", arguments: OAuthProvider.mocked)
    func linksAndSignsIn(provider: OAuthProvider) async throws {
        try await Self.withPending(provider) { site, browser in
            let pending = try await browser.get(APIPath.pendingLink)
            #expect(try pending.decoded() == PendingLinkBody(provider: provider, email: "ada@example.com"))
            let response = try await browser.post(APIPath.login, Self.linking(provider.rawValue))
            #expect(response.status == 200)
            #expect(browser.cookies.map(\.name) == ["access_token", "known_device"])
            #expect(try await browser.get(APIPath.pendingLink).status == 404)
            let methods = try await site.methods(of: browser)
            #expect(methods.identities.map(\.provider) == [provider])
            #expect(methods.hasPassword)
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
            #expect(try await site.sql("SELECT access_token IS NULL FROM oauth_accounts") == "t")
            // From now on the provider account signs in, and its tokens are stored.
            let other = site.browser()
            #expect(try await site.signIn(provider, in: other).header("Location") == "/")
            #expect(try await site.sql("SELECT access_token IS NOT NULL FROM oauth_accounts") == "t")
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("W22: A reloaded callback redirects to the page that asks for the password or the address")
    func loadedAgain() async throws {
        try await OAuthSite.with { site in
            _ = try await site.api.registered()
            for (isVerified, page) in [(true, PagePath.login), (false, PagePath.address)] {
                site.become { $0.isEmailVerified = isVerified }
                let browser = site.browser()
                let target = try await site.begin(.google, in: browser)
                for _ in 1...2 {
                    let response = try await browser.get(target)
                    #expect(response.page == page)
                    #expect(response.failure == nil)
                }
                expectFailure(.flowExpired, try await site.browser().get(target), in: site)
            }
            #expect(site.mock.count(.googleToken) == 2)
        }
    }

    @Test("A12: A wrong password links nothing, and the link stays pending")
    func wrongPassword() async throws {
        try await Self.withPending { site, browser async throws in
            let wrong = try await browser.post(APIPath.login, Self.linking("google", ["password": "Wrong-Horse-7"]))
            #expect(wrong.status == 401)
            #expect(wrong.all("Set-Cookie").isEmpty)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            #expect(try await browser.get(APIPath.pendingLink).status == 200)
            #expect(try await browser.post(APIPath.login, Self.linking("google")).status == 200)
        }
    }

    @Test("A12: Signing in without connect leaves the link pending")
    func withoutConnect() async throws {
        try await Self.withPending { site, browser async throws in
            #expect(try await browser.post(APIPath.login, Self.login).status == 200)
            #expect(try await site.methods(of: browser).identities.isEmpty)
            #expect(try await browser.get(APIPath.pendingLink).status == 200)
        }
    }

    @Test("A12: Without a pending link the response is 404, before the password is checked")
    func noPendingLink() async throws {
        try await Self.withPending { site, browser async throws in
            func code(_ browser: TestClient, _ provider: String) async throws -> APIErrorCode? {
                // The password is wrong; checking it would give 401.
                let body = Self.linking(provider, ["password": "Wrong-Horse-7"])
                let response = try await browser.post(APIPath.login, body)
                return response.status == 404 ? try response.problem.code : nil
            }
            #expect(try await code(site.browser(), "google") == .noPendingLink)
            #expect(try await code(browser, "discord") == .noPendingLink)
            site.api.clock.advance(by: 601)
            #expect(try await code(browser, "google") == .noPendingLink)
            #expect(try await browser.get(APIPath.pendingLink).problem.code == .noPendingLink)
        }
    }

    @Test("A12: Another account than the one with the same email address is rejected, by field")
    func otherFields() async throws {
        try await Self.withPending { site, browser in
            _ = try await site.api.registered(email: "mallory@example.com", name: "Mallory")
            let other = Self.linking("google", ["email": "mallory@example.com"])
            let differs = try await browser.post(APIPath.login, other)
            #expect(differs.status == 422)
            #expect(try differs.fieldCodes == ["email differs"])
            let unknown = try await browser.post(APIPath.login, Self.linking("myspace"))
            #expect(try unknown.fieldCodes == ["connect unknown_value"])
            let empty = try await browser.post(APIPath.login, Self.linking(""))
            #expect(try empty.fieldCodes == ["connect unknown_value"])
            let number = #"{"email":"ada@example.com","password":"Correct-Horse-7","connect":1}"#
            #expect(try await browser.post(APIPath.login, json: number).fieldCodes == ["connect wrong_type"])
            let null = #"{"email":"ada@example.com","password":"Correct-Horse-7","connect":null}"#
            #expect(try await browser.post(APIPath.login, json: null).status == 200)
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
        }
    }

    @Test("A12: A changed cookie, or one of a flow, links nothing")
    func tampered() async throws {
        try await Self.withPending { site, browser in
            let cookie = try #require(browser.cookies.first { $0.name == "oauth_connect" })
            let forger = browser.copy()
            forger.keep(RequestCookie(name: cookie.name, value: String(cookie.value.dropLast(2)) + "AA"))
            #expect(try await forger.post(APIPath.login, Self.linking("google")).status == 404)
            _ = try await site.begin(.google, in: forger)
            let flow = try #require(forger.cookies.last)
            forger.keep(RequestCookie(name: cookie.name, value: flow.value))
            #expect(try await forger.post(APIPath.login, Self.linking("google")).status == 404)
            // Vice versa, under the name of a flow.
            forger.keep(RequestCookie(name: flow.name, value: cookie.value))
            _ = try await site.begin(.discord, in: forger)
            #expect(!forger.flows.contains(flow.name))
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
        }
    }

    @Test("A12: An account that was linked to another user in the meantime is not moved, and no session starts")
    func linkedMeanwhile() async throws {
        try await Self.withPending { site, browser in
            let other = try await site.api.registered(email: "mallory@example.com", name: "Mallory")
            #expect(try await site.link(.google, in: other).header("Location") == "/account?connected=google")
            let response = try await browser.post(APIPath.login, Self.linking("google"))
            #expect(response.status == 404)
            #expect(try response.problem.code == .noPendingLink)
            #expect(response.all("Set-Cookie").isEmpty)
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "2")
            #expect(try await site.methods(of: other).identities.count == 1)
        }
    }

    @Test("A12: Linking twice, as in two tabs, is not an error")
    func connectsTwice() async throws {
        try await Self.withPending { site, browser async throws in
            let copy = browser.copy()
            #expect(try await browser.post(APIPath.login, Self.linking("google")).status == 200)
            #expect(try await copy.post(APIPath.login, Self.linking("google")).status == 200)
            #expect(try await site.methods(of: copy).identities.count == 1)
        }
    }

    @Test("A12: Signing in through a provider clears the pending link")
    func cleared() async throws {
        try await Self.withPending { site, browser in
            try await site.signIn(.discord, in: browser) { $0.email = "countess@example.com" }
            #expect(browser.cookies.map(\.name) == ["access_token"])
        }
    }
}
