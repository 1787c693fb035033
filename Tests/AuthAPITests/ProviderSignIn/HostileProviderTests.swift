import CryptoExtras
import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: After any attack by a provider, the browser is on an error page, and no session starts.
///
/// The tests of `OpenID` cover the variations; here they are seen from outside.
@Suite struct HostileProviderTests {
    /// An action of the provider, and the expected failure.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let failure: OAuthFailure
        let provider: OAuthProvider
        let prepare: @Sendable (MockProvider) -> Void

        init(
            _ name: String,
            _ failure: OAuthFailure = .providerError,
            by provider: OAuthProvider = .google,
            prepare: @escaping @Sendable (MockProvider) -> Void
        ) {
            testDescription = name
            self.failure = failure
            self.provider = provider
            self.prepare = prepare
        }

        /// An ID token that is changed before it is signed.
        static func token(
            _ name: String,
            _ failure: OAuthFailure = .providerError,
            _ forge: @escaping @Sendable (inout MockToken) -> Void
        ) -> [Attack] {
            OAuthProvider.withIDTokens.map { provider in
                Attack("\(name) by \(provider.rawValue)", failure, by: provider) { $0.changeIDToken(forge) }
            }
        }

        /// A discovery document that is changed.
        static func document(
            _ name: String,
            _ change: @escaping @Sendable (inout [String: Any]) -> Void
        ) -> [Attack] {
            OAuthProvider.withIDTokens.map { provider in
                Attack("\(name), by \(provider.rawValue)", by: provider) { mock in
                    mock.change(provider.discovery) { $0.edit(change) }
                }
            }
        }

        /// The same response from each endpoint.
        static func responses(
            _ name: String,
            _ failure: OAuthFailure = .providerError,
            _ change: @escaping @Sendable (inout MockResponse) -> Void
        ) -> [Attack] {
            MockProvider.Endpoint.requested.map { endpoint in
                Attack("\(name) from \(endpoint)", failure, by: endpoint.provider) { $0.change(endpoint, change) }
            }
        }
    }

    static let tokens: [Attack] =
        [
            Attack.token("another nonce") { $0.claims["nonce"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
            Attack.token("alg none") { token in
                token.header["alg"] = "none"
                token.signing = .none
            },
            Attack.token("HS256 signed with the public key") { token in
                token.header["alg"] = "HS256"
                token.signing = .hmac(Data((MockToken.key?.publicKey.pemRepresentation ?? "").utf8))
            },
            Attack.token("a key that is not in the JWKS") { token in
                token.header["kid"] = "unknown"
                token.signing = .otherKey
            },
            Attack.token("a kid that is a path") { $0.header["kid"] = "../../../etc/passwd" },
            Attack.token("a kid that is an address") { $0.header["kid"] = "http://169.254.169.254/latest/meta-data" },
            Attack.token("another issuer") { $0.claims["iss"] = "https://evil.example" },
            Attack.token("another audience") { $0.claims["aud"] = "another-client" },
            Attack.token("two audiences without azp") { token in
                token.claims["aud"] = [MockProvider.clientID, "another-client"]
                token.claims["azp"] = nil
            },
            Attack.token("another azp") { $0.claims["azp"] = "another-client" },
            Attack.token("expired", .clockSkew) { $0.claims["exp"] = ($0.claims["iat"] as? Int ?? 0) - 61 },
            Attack.token("issued in the future", .clockSkew) {
                $0.claims["iat"] = ($0.claims["iat"] as? Int ?? 0) + 300
            },
            Attack.token("no subject") { $0.claims["sub"] = nil },
        ].flatMap(\.self) + [
            Attack("the userinfo response is about another user", by: .oidc) { mock in
                mock.changeIDToken { $0.claims["email"] = nil }
                mock.change(.oidcUserInfo) { $0.edit { $0["sub"] = "another-user" } }
            }
        ]

    static let documents: [Attack] =
        [
            Attack.document("discovery for another issuer") { $0["issuer"] = "https://a.example" },
            Attack.document("discovery with a template as issuer") { $0["issuer"] = "https://a.example/{tenantid}" },
            Attack.document("discovery leads to an internal host") {
                $0["token_endpoint"] = "http://169.254.169.254/token"
            },
            Attack.document("discovery leads to a file") { $0["jwks_uri"] = "file:///etc/passwd" },
            Attack.document("discovery sends browsers to a script") {
                $0["authorization_endpoint"] = "javascript:alert(1)"
            },
        ].flatMap(\.self) + [
            Attack("Google's token of another type") {
                $0.change(.googleToken) { $0.edit { $0["token_type"] = "mac" } }
            },
            Attack("an OpenID provider's token of another type", by: .oidc) { mock in
                mock.change(.oidcToken) { $0.edit { $0["token_type"] = "mac" } }
            },
            Attack("Discord's token of another type", by: .discord) { mock in
                mock.change(.discordToken) { $0.edit { $0["token_type"] = "mac" } }
            },
            Attack("no ID token") { $0.change(.googleToken) { $0.edit { $0["id_token"] = nil } } },
            Attack("no ID token of an OpenID provider", by: .oidc) { mock in
                mock.change(.oidcToken) { $0.edit { $0["id_token"] = nil } }
            },
            Attack("Discord's user has no number", by: .discord) { mock in
                mock.change(.discordUser) { $0.edit { $0["id"] = "../@me" } }
            },
        ]

    static let responses: [Attack] = [
        Attack.responses("10 MB") { $0.edit { $0["x"] = String(repeating: "x", count: 10 * 1024 * 1024) } },
        Attack.responses("an endless response") { $0.delivery = .endless },
        Attack.responses("a redirect inside") { $0.redirect(to: "/trap") },
        Attack.responses("HTML") { response in
            response.headers[.contentType] = "text/html"
            response.body = "<script>alert(1)</script>"
        },
        Attack.responses("500", .providerUnavailable) { $0.status = 500 },
        Attack.responses("429", .providerUnavailable) { $0.status = 429 },
        Attack.responses("a closed connection", .providerUnavailable) { $0.delivery = .closed },
    ].flatMap(\.self)

    private func expectRejection(_ attack: Attack, clock: TestClock = TestClock()) async throws {
        try await OAuthSite.with(providers: [.oidc], clock: clock) { site in
            attack.prepare(site.mock)
            let browser = site.browser()
            let started = try await browser.get("\(APIPath.startOAuth(attack.provider))?return_to=/account")
            let location = try #require(started.header("Location"))
            // An invalid discovery document ends the flow at its start.
            let isAtProvider = location.hasPrefix(site.mock.address)
            let ended = isAtProvider ? try await browser.get(site.mock.authorize(location).target) : started
            expectFailure(attack.failure, ended, in: site)
            #expect(ended.parameter(PagePath.returnParameter) == "/account")
            #expect(try await site.user(of: browser) == nil)
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "0")
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            #expect(site.mock.count(.trap) == 0)
            // W42: For a mismatch, both values are logged; the log contains nothing else from the provider.
            let log = site.api.logs.all.joined().replacing(/"received":"https:\/\/[a-z.]*"/, with: "")
            for secret in ["code-", "access-", "refresh-", "ada@example.com", "Lovelace", "eyJ", "evil", "169.254"] {
                #expect(!log.contains(secret), "a log line contains \(secret)")
            }
        }
    }

    @Test("A11: Forged ID tokens lead to the error page, without a session", arguments: tokens)
    func forgedToken(attack: Attack) async throws { try await expectRejection(attack) }

    @Test("A11: Forged discovery documents lead to the error page, without a session", arguments: documents)
    func forgedDocument(attack: Attack) async throws { try await expectRejection(attack) }

    @Test("A11: Invalid responses lead to the error page, without a session", arguments: responses)
    func brokenResponse(attack: Attack) async throws { try await expectRejection(attack) }

    @Test("A11: A slow response leads to the error page, without a session", arguments: [true, false])
    func slowResponse(hasHead: Bool) async throws {
        // The response never arrives; the length of the timeout does not matter.
        let clock = TestClock { _ in try await Task.sleep(for: .milliseconds(300)) }
        let attacks = Attack.responses("a slow response", .providerUnavailable) {
            $0.delivery = hasHead ? .stalled : .held
        }
        for attack in attacks { try await expectRejection(attack, clock: clock) }
    }
}
