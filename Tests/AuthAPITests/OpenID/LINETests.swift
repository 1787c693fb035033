import CryptoExtras
import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: LINE, whose web login signs ID tokens with the channel secret although its discovery document lists ES256.
@Suite struct LINETests {
    private static let settings: @Sendable (MockProvider) -> [String: String] = { $0.environment(of: .line) }

    @Test("LINE's token is signed with the channel secret; its address never counts as verified")
    func signIn() async throws {
        try await ProviderFlow.with(settings: Self.settings) { flow in
            let identity = try await flow.signIn(.line)
            #expect(identity.provider == .line && identity.issuer == flow.mock.issuer(of: .line))
            #expect(identity.subject == "110169484474386276334" && identity.displayName == "Ada Lovelace")
            #expect(identity.email == nil && identity.unverifiedEmail?.value == "ada@example.com")
            #expect(!identity.isEmailAuthority && identity.avatarURL == nil)
            let request = try #require(flow.mock.requests.last { $0.path.hasSuffix("/realms/l/token") })
            #expect(request.headers[.authorization] == nil && request.body.contains("client_secret="))
            // LINE's published keys are not used.
            #expect(flow.mock.count(.oidcKeys) == 0)
            // The userinfo endpoint is not requested either: what it states about the address would not count.
            #expect(flow.mock.count(.oidcUserInfo) == 0)
            for isVerified in [true, false] {
                flow.mock.changeIDToken { $0.claims["email_verified"] = isVerified }
                try await flow.expectAddress(.line, unverified: "ada@example.com")
            }
        }
    }

    @Test(
        "A token signed with another secret, or unsigned, is rejected",
        arguments: ["", "another-secret", "id", "public key"]
    )
    func forged(secret: String) async throws {
        try await ProviderFlow.with(settings: Self.settings) { flow in
            _ = try await flow.signIn(.line)
            let key =
                switch secret {
                case "id": Data(MockProvider.clientID.utf8)
                case "public key": Data((MockToken.key?.publicKey.pemRepresentation ?? "").utf8)
                default: Data(secret.utf8)
                }
            flow.mock.changeIDToken { $0.signing = secret.isEmpty ? .none : .hmac(key) }
            try await flow.expectRejection(.line, .providerError, "signature")
        }
    }

    @Test(
        "Every other algorithm is rejected, even the one that LINE announces",
        arguments: ["ES256", "RS256", "HS512", "none", "hs256"]
    )
    func algorithms(algorithm: String) async throws {
        try await ProviderFlow.with(settings: Self.settings) { flow in
            flow.mock.changeIDToken { token in
                token.header = ["alg": algorithm, "kid": MockToken.keyID]
                switch algorithm {
                case "ES256":
                    token.header["kid"] = MockToken.curveKeyID
                    token.signing = .algorithm(.es256)
                case "RS256": token.signing = .key
                case "none": token.signing = .none
                default: break
                }
            }
            try await flow.expectRejection(.line, .providerError, "algorithm that is not accepted")
        }
    }

    @Test("HS256 with the channel secret is accepted from LINE only", arguments: OAuthProvider.withIDTokens)
    func elsewhere(name: OAuthProvider) async throws {
        try await ProviderFlow.with(settings: Self.settings) { flow in
            for secret in [MockProvider.channelSecret, MockProvider.clientSecret] {
                flow.mock.changeIDToken { token in
                    token.header = ["alg": "HS256", "typ": "JWT"]
                    token.signing = .hmac(Data(secret.utf8))
                }
                try await flow.expectRejection(name, .providerError, "algorithm that is not accepted")
            }
        }
    }

    @Test("The claims of a signed token are checked as for every provider")
    func claims() async throws {
        let forgeries: [(OAuthFailure, String, @Sendable (inout MockToken) -> Void)] = [
            (.providerError, "another issuer", { $0.claims["iss"] = "https://access.line.me" }),
            (.providerError, "another client", { $0.claims["aud"] = "another-client" }),
            (.providerError, "nonce", { $0.claims["nonce"] = nil }),
            (.providerError, "subject", { $0.claims["sub"] = "" }),
            (.providerError, "another access token", { $0.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }),
            (.clockSkew, "has expired", { $0.claims["exp"] = 1 }),
        ]
        try await ProviderFlow.with(settings: Self.settings) { flow in
            for (failure, reason, forge) in forgeries {
                flow.mock.changeIDToken(forge)
                try await flow.expectRejection(.line, failure, reason)
            }
        }
    }

    @Test("The secret must be long enough for a key (RFC 7518, section 3.2)")
    func shortSecret() throws {
        let environment = ["LINE_CLIENT_ID": "1234567890", "LINE_CLIENT_SECRET": "0123456789abcdef0123456789abcde"]
        let faults = #expect(throws: SettingsFaults.self) {
            try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
        }
        #expect(faults?.lines == ["LINE_CLIENT_SECRET: must be the channel secret, which has 32 characters"])
    }

    @Test("LINE must ask the user to sign in again, and confirm the time with auth_time")
    func reauthentication() async throws {
        try await ProviderFlow.with(settings: Self.settings) { flow in
            let request = AuthorizationRequest(
                state: "s",
                nonce: "n",
                codeChallenge: "c",
                redirectURI: "https://x/",
                reauthenticates: true
            )
            let address = try await flow.provider(.line).authorizationURL(for: request)
            #expect(address.hasSuffix("&prompt=login&max_age=0"))
            var withoutTime = try await flow.authorize(.line)
            withoutTime.authenticatedSince = flow.clock.now()
            let response = withoutTime
            let provider = try flow.provider(.line)
            let error = await #expect(throws: ProviderError.self) { try await provider.identity(for: response) }
            #expect(error?.failure == .notReauthenticated)
        }
    }

    @Test("An account is linked from the account page, and signs in afterwards")
    func linked() async throws {
        try await OAuthSite.with(providers: [.line]) { site in
            let owner = try await site.api.registered()
            #expect(try await site.link(.line, in: owner).header("Location") == "/account?connected=line")
            let browser = site.browser()
            #expect(try await site.signIn(.line, in: browser).header("Location") == "/")
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            let list: ProviderListBody = try await browser.get(APIPath.providers).decoded()
            #expect(list.providers.map(\.kind) == [.google, .discord, .line])
        }
    }
}
