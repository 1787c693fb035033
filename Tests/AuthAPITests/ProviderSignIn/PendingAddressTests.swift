import Foundation
import Shared
import Testing

@testable import AuthAPI

extension OAuthSite {
    /// Goes through a provider that has not verified an address, as a new user, to the page that asks for one.
    ///
    /// `email` is what the provider reports.
    func waiting(
        _ provider: OAuthProvider = .discord,
        email: String? = nil,
        in browser: TestClient? = nil,
        subject: String = "4815162342"
    ) async throws -> TestClient {
        let browser = browser ?? self.browser()
        let response = try await signIn(provider, in: browser) { user in
            user.subject = subject
            user.discordID = subject
            user.email = email
            user.isEmailVerified = false
        }
        try #require(response.page == PagePath.address, "\(response.header("Location") ?? "")")
        return browser
    }
}

/// A new user whose provider has not verified an address enters one.
@Suite struct PendingAddressTests {
    @Test(
        "A12: The address that the user enters creates an account: unverified, with that identity and a session",
        arguments: OAuthProvider.mocked,
        [nil, "Ada@Provider.example", "not an address"]
    )
    func creates(provider: OAuthProvider, reported: String?) async throws {
        try await OAuthSite.with { site in
            site.become { user in
                user.email = reported
                user.isEmailVerified = false
            }
            let browser = site.browser()
            let target = try await site.begin(provider, in: browser, [("return_to", "/account?x=1")])
            let response = try await browser.get(target)
            #expect(response.page == PagePath.address)
            #expect(response.parameter("provider") == provider.rawValue)
            #expect(response.parameter("return_to") == "/account?x=1")
            #expect(browser.cookies.map(\.name) == ["oauth_address"])
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
            let unverified = reported == "Ada@Provider.example" ? "ada@provider.example" : nil
            let pending: PendingAddressBody = try await browser.get(APIPath.address).decoded()
            #expect(pending == PendingAddressBody(provider: provider, name: "Ada Lovelace", email: unverified))

            let created = try await browser.post(APIPath.address, ["email": "  ＡDA@Example.com\u{200B}"])
            #expect(created.status == 201)
            let user: UserBody = try created.decoded()
            #expect(user.email == "ada@example.com" && user.name == "Ada Lovelace" && user.avatarURL != nil)
            #expect(browser.cookies.map(\.name) == ["access_token"])
            #expect(try await site.user(of: browser) == user)
            let methods = try await site.methods(of: browser)
            #expect(methods.identities.map(\.provider) == [provider])
            #expect(methods.identities.map(\.email) == [nil] && !methods.hasPassword)
            #expect(try await site.sql("SELECT email_verified_at IS NULL AND password_hash IS NULL FROM users") == "t")
            #expect(try await site.sql("SELECT access_token IS NULL FROM oauth_accounts") == "t")
            #expect(try await site.sql("SELECT identity_id IS NOT NULL FROM sessions") == "t")
            // The application sees that it is unverified.
            let admitted = try await browser.get(APIPath.accessCheck)
            #expect(admitted.header("Remote-Email") == "ada@example.com")
            #expect(admitted.header("Remote-Email-Verified") == "false")
            #expect(try await browser.get(APIPath.data).text.contains("\"email_verified_at\":null"))

            // From now on the provider account signs in, and its tokens are stored.
            let other = site.browser()
            #expect(try await other.get(site.begin(provider, in: other)).header("Location") == "/")
            #expect(try await site.user(of: other) == user)
            #expect(try await site.sql("SELECT access_token IS NOT NULL FROM oauth_accounts") == "t")
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
        }
    }

    @Test("A12: Without a name at the provider, it is derived from the address")
    func name() async throws {
        try await OAuthSite.with { site in
            site.become { user in
                user.name = nil
                user.email = nil
            }
            let browser = site.browser()
            _ = try await browser.get(site.begin(.google, in: browser))
            let pending: PendingAddressBody = try await browser.get(APIPath.address).decoded()
            #expect(pending.name == nil)
            #expect(try await browser.post(APIPath.address, ["email": "lovelace@example.com"]).status == 201)
            #expect(try await site.user(of: browser)?.name == "lovelace")
        }
    }

    @Test("A12: The audit trail, the metrics and the log have each step, and neither address nor cookie")
    func recorded() async throws {
        try await OAuthSite.with { site in
            let database = site.api.database
            site.become { user in
                user.email = "reported@example.com"
                user.isEmailVerified = false
            }
            let browser = site.browser()
            let target = try await site.begin(.discord, in: browser)
            try await expectEvents([], status: 303, in: database) {
                try await browser.get(target, headers: Visitor.headers)
            }
            let cookie = try #require(browser.cookies.first?.value)
            let events = try await expectEvents(
                ["registered discord", "provider_linked discord registration", "signed_in discord"],
                status: 201,
                in: database
            ) { try await browser.post(APIPath.address, ["email": "typed@example.com"], headers: Visitor.headers) }
            #expect(events.last?.session == (try await site.sql("SELECT id FROM sessions")))
            let text = await site.api.app.metrics.registry.text()
            for series in [
                #"auth_sign_ins_total{method="discord",outcome="address_needed"} 1"#,
                #"auth_sign_ins_total{method="discord",outcome="ok"} 1"#,
                #"auth_registrations_total{outcome="ok"} 1"#,
            ] {
                #expect(text.contains(series), "\(series)")
            }
            let logs = site.api.logs.all
            let line = logs.first { $0.contains("provider account has no verified email address") }
            #expect(line?.contains(#""email":"unverified""#) == true)
            #expect(line?.contains(#""provider":"discord""#) == true)
            for secret in ["reported@", "typed@", "Lovelace", cookie] { #expect(!logs.joined().contains(secret)) }
        }
    }

    @Test("A12: The session of the browser is replaced, and a pending link is forgotten")
    func replaces() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            // First an identity that needs a password, then one that needs an address.
            #expect(try await site.signIn(.google, in: browser).parameter("connect") == "google")
            let former = try await site.waiting(in: browser).copy()
            #expect(!browser.cookies.contains { $0.name == "oauth_connect" })
            #expect(try await browser.post(APIPath.address, ["email": "new@example.com"]).status == 201)
            #expect(try await site.user(of: browser)?.email == "new@example.com")
            #expect(try await former.get(APIPath.me).status == 401)
            #expect(try await site.api.database.events().map(\.summary).contains("session_ended replaced"))
            // And the reverse: an identity that needs a password replaces one that needs an address.
            let other = try await site.waiting(subject: "2")
            #expect(try await site.signIn(.google, in: other).parameter("connect") == "google")
            #expect(!other.cookies.contains { $0.name == "oauth_address" })
        }
    }

    @Test("A12: A sign-in, and deleting the account, clear the cookie")
    func cleared() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.waiting()
            try await site.signIn(.google, in: browser)
            #expect(browser.cookies.map(\.name) == ["access_token"])
            let owner = try await site.waiting(in: try await site.api.registered(email: "eve@example.com"))
            let body = ["email": "eve@example.com", "password": "Correct-Horse-7"]
            #expect(try await owner.post(APIPath.deletion, body).status == 204)
            #expect(owner.cookies.isEmpty)
        }
    }

    @Test("A12: The next user of the browser never sees a pending account", arguments: ["login", "register", "logout"])
    func forgotten(step: String) async throws {
        try await OAuthSite.with { site in
            let user = try await site.api.registered(email: "bob@example.com")
            let browser = try await site.waiting(in: step == "logout" ? user : site.browser())
            #expect(browser.cookies.contains { $0.name == "oauth_address" })
            var body = ["email": "bob@example.com", "password": "Wrong-Horse-7"]
            #expect(try await browser.post(APIPath.login, body).status == 401)
            #expect(browser.cookies.contains { $0.name == "oauth_address" })
            switch step {
            case "login":
                body["password"] = "Correct-Horse-7"
                #expect(try await browser.post(APIPath.login, body).status == 200)
            case "register":
                let new = ["email": "new@example.com", "password": "Correct-Horse-7", "name": "New"]
                #expect(try await browser.post(APIPath.register, new).status == 201)
            default: #expect(try await browser.post(APIPath.logout, json: "").status == 204)
            }
            #expect(browser.cookies.map(\.name).filter { $0.hasPrefix("oauth_") } == [])
            #expect(try await browser.get(APIPath.address).status == 404)
        }
    }

    @Test("A12: A disconnected identity is not reconnected, and no address is requested")
    func disconnected() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.discord, in: owner) { $0.email = nil }
            let id = try #require(try await site.methods(of: owner).identities.first?.id)
            #expect(try await owner.delete(APIPath.identity(id)).status == 204)
            let response = try await site.signIn(.discord, in: site.browser()) { $0.email = nil }
            expectFailure(.identityDisconnected, response, in: site)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }
}
