import Crypto
import CryptoExtras
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: ID tokens that must be rejected (OpenID Connect Core, section 3.1.3.7; RFC 8725).
@Suite struct IDTokenAttackTests {
    /// A change to an otherwise valid token.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// A part of the reason given to the operator.
        let reason: String
        let forge: @Sendable (inout MockToken) -> Void

        init(_ name: String, _ reason: String, _ forge: @escaping @Sendable (inout MockToken) -> Void) {
            testDescription = name
            self.reason = reason
            self.forge = forge
        }
    }

    private func expectRejection(_ forgery: Forgery, _ failure: OAuthFailure = .providerError) async throws {
        try await ProviderFlow.with { flow in
            // The same user can sign in with a valid token: the change is what is rejected.
            for name in OAuthProvider.withIDTokens { _ = try await flow.signIn(name) }
            flow.mock.changeIDToken(forgery.forge)
            for name in OAuthProvider.withIDTokens {
                try await flow.expectRejection(name, failure, forgery.reason, "\(name)")
            }
            #expect(flow.mock.count(.trap) == 0, "a token chose what was asked for")
        }
    }

    static let algorithms = [
        Forgery("none, unsigned", "algorithm") { token in
            token.header["alg"] = "none"
            token.signing = .none
        },
        Forgery("none without a key's name", "algorithm") { token in
            token.header = ["alg": "none"]
            token.signing = .none
        },
        Forgery("nOnE", "algorithm") { token in
            token.header["alg"] = "nOnE"
            token.signing = .none
        },
        Forgery("RS256, unsigned", "signature") { $0.signing = .none },
        Forgery("RS512 by a key for RS256", "does not publish") { $0.header["alg"] = "RS512" },
        Forgery("ES256K", "algorithm") { $0.header["alg"] = "ES256K" },
        Forgery("PS256 by a key for RS256", "does not publish") { $0.header["alg"] = "PS256" },
        Forgery("ES256 under the name of the RSA key", "does not publish") { token in
            token.header["alg"] = "ES256"
            token.signing = .algorithm(.es256)
        },
        Forgery("RS256 under the name of the other key", "does not publish") { token in
            token.header["kid"] = MockToken.curveKeyID
        },
        Forgery("HS256 with the client's secret", "algorithm") { token in
            token.header["alg"] = "HS256"
            token.signing = .hmac(Data(MockProvider.clientSecret.utf8))
        },
        Forgery("EdDSA under the name of the RSA key", "does not publish") { token in
            token.header["alg"] = "EdDSA"
            token.signing = .algorithm(.edDSA)
        },
        Forgery("no algorithm", "not a signed token") { $0.header["alg"] = nil },
        Forgery("an extension that must be understood", "extension") { token in
            token.header["crit"] = ["b64"]
            token.header["b64"] = false
        },
    ]

    @Test("alg none and unaccepted algorithms are rejected", arguments: algorithms)
    func algorithm(forgery: Forgery) async throws { try await expectRejection(forgery) }

    @Test("HS256 with the public key as secret is rejected", arguments: ["PEM", "DER", "modulus", "modulus as text"])
    func publicKeyAsSecret(form: String) async throws {
        let key = try #require(MockToken.key).publicKey
        let numbers = try key.getKeyPrimitives()
        let secret =
            switch form {
            case "PEM": Data(key.pemRepresentation.utf8)
            case "DER": key.derRepresentation
            case "modulus": numbers.modulus
            default: Data(Base64URL.encode(numbers.modulus).utf8)
            }
        try await expectRejection(
            Forgery("HS256", "algorithm") { token in
                token.header["alg"] = "HS256"
                token.signing = .hmac(secret)
            }
        )
        // The same, claiming an accepted algorithm.
        try await expectRejection(Forgery("RS256", "signature") { $0.signing = .hmac(secret) })
    }

    static let keys = [
        Forgery("a key that is not in the set", "does not publish") { token in
            token.header["kid"] = "unknown"
            token.signing = .otherKey
        },
        Forgery("an unpublished key under a published key ID", "signature") { $0.signing = .otherKey },
        Forgery("a key that the token brings along", "signature") { token in
            token.header["jwk"] = MockToken.publicKey(named: MockToken.keyID, MockToken.otherKey)
            token.signing = .otherKey
        },
        Forgery("no name while there are two keys", "does not publish") { $0.header["kid"] = nil },
        Forgery("a number as a name", "not a signed token") { $0.header["kid"] = 1 },
    ]

    @Test("A token whose key is not in the JWKS is rejected", arguments: keys)
    func key(forgery: Forgery) async throws { try await expectRejection(forgery) }

    @Test(
        "A kid that is a path, a URL or a query is only an unknown key ID",
        arguments: [
            "../../../../etc/passwd", "/dev/null", "file:///etc/passwd", "ADDRESS/trap", "//127.0.0.1/trap",
            "' OR '1'='1", "mock-1\u{0}", "MOCK-1", "",
        ],
        OAuthProvider.withIDTokens
    )
    func keyName(text: String, name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.clock.advance(by: 61)
            let text = text.replacing("ADDRESS", with: flow.mock.address)
            flow.mock.changeIDToken { [address = flow.mock.address] token in
                token.header["kid"] = text
                token.header["jku"] = "\(address)/trap"
                token.header["x5u"] = "\(address)/trap"
                token.signing = .otherKey
            }
            try await flow.expectRejection(name, .providerError, "does not publish")
            #expect(flow.mock.count(.trap) == 0)
            // Only the published addresses were requested.
            #expect(flow.mock.requests.allSatisfy { $0.endpoint != nil })
        }
    }

    static let identities = [
        Forgery("another issuer", "another issuer") { $0.claims["iss"] = "https://evil.example" },
        Forgery("Google's issuer from another provider", "another issuer") {
            $0.claims["iss"] = "https://accounts.google.com"
        },
        Forgery("the issuer with a slash", "another issuer") { $0.claims["iss"] = "\($0.claims["iss"] ?? "")/" },
        Forgery("no issuer", "lacks a claim") { $0.claims["iss"] = nil },
        Forgery("another audience", "another client") { $0.claims["aud"] = "another-client" },
        Forgery("a list of other audiences", "another client") { $0.claims["aud"] = ["a", "b"] },
        Forgery("no audience", "lacks a claim") { $0.claims["aud"] = nil },
        Forgery("an empty list of audiences", "another client") { $0.claims["aud"] = [String]() },
        Forgery("two audiences without azp", "several audiences") { token in
            token.claims["aud"] = [MockProvider.clientID, "another-client"]
            token.claims["azp"] = nil
        },
        Forgery("two audiences and the other's azp", "for another client") { token in
            token.claims["aud"] = [MockProvider.clientID, "another-client"]
            token.claims["azp"] = "another-client"
        },
        Forgery("another azp", "for another client") { $0.claims["azp"] = "another-client" },
        Forgery("another nonce", "nonce") { $0.claims["nonce"] = "AAAAAAAAAAAAAAAAAAAAAA" },
        Forgery("no nonce", "has no nonce") { $0.claims["nonce"] = nil },
        Forgery("an empty nonce", "nonce") { $0.claims["nonce"] = "" },
        Forgery("no subject", "no valid subject") { $0.claims["sub"] = nil },
        Forgery("an empty subject", "no valid subject") { $0.claims["sub"] = "" },
        Forgery("a subject of 256 characters", "no valid subject") {
            $0.claims["sub"] = String(repeating: "1", count: 256)
        },
        Forgery("a number as subject", "lacks a claim") { $0.claims["sub"] = 110_169 },
        Forgery("a subject with a line break", "no valid subject") { $0.claims["sub"] = "1\n2" },
        Forgery("another access token's hash", "another access token") {
            $0.claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"
        },
    ]

    @Test("A wrong issuer, audience, azp, nonce, subject or at_hash is rejected", arguments: identities)
    func identity(forgery: Forgery) async throws { try await expectRejection(forgery) }

    static let times = [
        Forgery("expired", "has expired") { token in
            token.claims["exp"] = (token.claims["exp"] as? Int ?? 0) - 3600 - 61
        },
        Forgery("issued in the future", "in the future") { token in
            token.claims["iat"] = (token.claims["iat"] as? Int ?? 0) + 120
        },
        // W41: RFC 7519, section 4.1.5.
        Forgery("not valid for another hour", "nbf") { token in
            token.claims["nbf"] = (token.claims["iat"] as? Int ?? 0) + 3600
        },
        Forgery("not valid for two minutes more", "nbf") { token in
            token.claims["nbf"] = Double(token.claims["iat"] as? Int ?? 0) + 120.5
        },
        Forgery("valid in the year 10^300", "nbf") { $0.claims["nbf"] = 1e300 },
        Forgery("issued in the year 10^300", "in the future") { $0.claims["iat"] = 1e300 },
        Forgery("expired before all time", "has expired") { $0.claims["exp"] = -1e300 },
        Forgery("issued before the flow", "older than the flow") { token in
            token.claims["iat"] = (token.claims["iat"] as? Int ?? 0) - 720
        },
    ]

    @Test("An expired token, and one from the future, are reported as a clock difference", arguments: times)
    func time(forgery: Forgery) async throws { try await expectRejection(forgery, .clockSkew) }

    @Test("A wrong time does not hide another fault")
    func timeAndMore() async throws {
        try await expectRejection(
            Forgery("expired and of another issuer", "another issuer") { token in
                token.claims["exp"] = 1
                token.claims["iss"] = "https://evil.example"
            }
        )
    }

    @Test("W41: An nbf that is not a number is rejected", arguments: ["\"1\"", "\"\"", "true", "[1]", "{}"])
    func oddNotBefore(value: String) async throws {
        try await expectRejection(Forgery("nbf", "lacks a claim") { $0.claims["nbf"] = MockResponse.json(value) })
    }

    @Test("Times that are missing or strings are rejected", arguments: ["exp", "iat"], [true, false])
    func oddTimes(claim: String, isMissing: Bool) async throws {
        try await expectRejection(
            Forgery(claim, "lacks a claim") { $0.claims[claim] = isMissing ? nil : "4102444800" }
        )
    }

    @Test(
        "Texts that are not tokens are rejected",
        arguments: ["", "a", "a.b", "..", "a.b.c.d", "e30.e30.", "e30.e30.e30", "{}", "\u{0}.\u{0}.\u{0}"],
        OAuthProvider.withIDTokens
    )
    func garbage(text: String, name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.token) { $0.edit { $0["id_token"] = text } }
            try await flow.expectRejection(name, .providerError, "not a signed token")
        }
    }

    @Test(
        "A token whose claims were changed after signing, and one with padding, are rejected",
        arguments: OAuthProvider.withIDTokens
    )
    func tampered(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.token) { response in
                response.edit { object in
                    var parts = (object["id_token"] as? String ?? "").split(separator: ".").map(String.init)
                    parts[1] = Base64URL.encode(
                        Data(
                            String(decoding: Base64URL.decode(parts[1]) ?? [], as: UTF8.self)
                                .replacing("ada@", with: "eve@").utf8
                        )
                    )
                    object["id_token"] = parts.joined(separator: ".")
                }
            }
            try await flow.expectRejection(name, .providerError, "signature")
            flow.mock.change(name.token) { $0.edit { $0["id_token"] = "\($0["id_token"] ?? "")=" } }
            try await flow.expectRejection(name, .providerError, "not a signed token")
        }
    }

    @Test("A token that is too long is not parsed")
    func tooLong() async throws {
        try await expectRejection(
            Forgery("long", "too long") { token in
                token.claims["x"] = String(repeating: "x", count: IDTokenVerifier.maximumLength)
            }
        )
    }
}
