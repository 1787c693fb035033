import CryptoExtras
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: the algorithms and keys of ID tokens (RFC 7518, RFC 8037, RFC 8725).
@Suite struct SigningAlgorithmTests {
    private static func withoutAlgorithm(_ key: [String: Any]) -> [String: Any] { key.filter { $0.key != "alg" } }

    @Test(
        "RS256, PS256, ES256 and EdDSA are accepted with a published key",
        arguments: ["RS256", "PS256", "ES256", "EdDSA"]
    )
    func algorithms(algorithm: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                let rsa = MockToken.publicKey.merging(["alg": algorithm]) { $1 }
                let keys =
                    switch algorithm {
                    case "ES256": [MockToken.publicCurveKey]
                    case "EdDSA": [MockToken.publicEdwardsKey]
                    default: [rsa]
                    }
                response.edit { $0["keys"] = keys }
            }
            flow.mock.changeIDToken { token in
                token.header["alg"] = algorithm
                switch algorithm {
                case "ES256":
                    token.header["kid"] = MockToken.curveKeyID
                    token.signing = .curveKey
                case "EdDSA":
                    token.header["kid"] = "edwards"
                    token.signing = .edwardsKey
                    token.claims["at_hash"] = nil
                case "PS256": token.signing = .keyWithPSS
                default: break
                }
            }
            #expect(try await flow.signIn(.oidc).subject == "110169484474386276334")
            // The same name with a signature of another algorithm.
            flow.mock.changeIDToken { token in
                token.header["kid"] = algorithm == "ES256" ? MockToken.curveKeyID : MockToken.keyID
                token.header["alg"] = algorithm
                token.signing = algorithm == "RS256" ? .keyWithPSS : .key
            }
            try await flow.expectRejection(.oidc, .providerError, "")
        }
    }

    @Test("An RSA key without an algorithm is valid for RS256 and PS256, and not for HMAC")
    func noAlgorithm() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                response.edit { $0["keys"] = [Self.withoutAlgorithm(MockToken.publicKey)] }
            }
            _ = try await flow.signIn(.oidc)
            flow.mock.changeIDToken { token in
                token.header["alg"] = "PS256"
                token.signing = .keyWithPSS
            }
            _ = try await flow.signIn(.oidc)
            let pem = Data((MockToken.key?.publicKey.pemRepresentation ?? "").utf8)
            for secret in [pem, Data(MockProvider.clientSecret.utf8), Data()] {
                flow.mock.changeIDToken { token in
                    token.header["alg"] = "HS256"
                    token.signing = .hmac(secret)
                }
                try await flow.expectRejection(.oidc, .providerError, "algorithm that is not accepted")
            }
        }
    }

    @Test("A symmetric key in the key set is ignored", arguments: ["HS256", "RS256"])
    func publishedSecret(algorithm: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                response.edit { body in
                    body["keys"] = [
                        [
                            "kty": "oct", "kid": MockToken.keyID, "alg": algorithm,
                            "k": Base64URL.encode(Data("s".utf8)),
                        ]
                    ]
                }
            }
            flow.mock.changeIDToken { token in
                token.header["alg"] = algorithm
                token.signing = .hmac(Data("s".utf8))
            }
            try await flow.expectRejection(.oidc, .providerError, "")
        }
    }

    @Test("Of two keys with one ID, the signing one is found, and others are rejected", arguments: [true, false])
    func oneName(isFirst: Bool) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                let other = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
                let keys = [MockToken.publicKey, MockToken.publicKey(named: MockToken.keyID, other)]
                let curve = MockToken.publicCurveKey.merging(["kid": MockToken.keyID]) { $1 }
                response.edit { $0["keys"] = (isFirst ? keys : keys.reversed()) + [curve] }
            }
            _ = try await flow.signIn(.oidc)
            flow.mock.changeIDToken { token in
                token.header["alg"] = "ES256"
                token.signing = .curveKey
            }
            _ = try await flow.signIn(.oidc)
            flow.mock.changeIDToken { $0.signing = .otherKey }
            try await flow.expectRejection(.oidc, .providerError, "signature")
        }
    }

    @Test("At most four keys with the same ID are tried")
    func manyOfOneName() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                let others = (0..<4).map { _ in
                    MockToken.publicKey(named: MockToken.keyID, MockToken.otherKey)
                }
                response.edit { $0["keys"] = others + [MockToken.publicKey] }
            }
            try await flow.expectRejection(.oidc, .providerError, "signature")
        }
    }

    @Test("A key that is replaced under the same ID, or without one, is found at once", arguments: ["key", nil])
    func sameName(name: String?) async throws {
        try await ProviderFlow.with { flow in
            for isFirst in [true, false] {
                let key = isFirst ? MockToken.key : MockToken.otherKey
                let signing: MockToken.Signing = isFirst ? .key : .otherKey
                var published = MockToken.publicKey(named: name ?? "", key)
                if name == nil { published["kid"] = nil }
                let json = try JSONSerialization.data(withJSONObject: ["keys": [published]])
                flow.mock.change(.oidcKeys) { $0.body = String(decoding: json, as: UTF8.self) }
                flow.mock.changeIDToken { token in
                    token.header["kid"] = name
                    token.signing = signing
                }
                _ = try await flow.signIn(.oidc)
            }
            #expect(flow.mock.count(.oidcKeys) == 2)
            // The previous key is no longer trusted, and its tokens do not cause requests.
            flow.mock.changeIDToken { $0.header["kid"] = name }
            for _ in 0..<5 { try await flow.expectRejection(.oidc, .providerError, "signature") }
            #expect(flow.mock.count(.oidcKeys) == 2)
        }
    }
}
