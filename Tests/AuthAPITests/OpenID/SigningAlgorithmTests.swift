import CryptoExtras
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: the algorithms and keys of ID tokens (RFC 7518, RFC 8037, RFC 8725).
@Suite struct SigningAlgorithmTests {
    private static func withoutAlgorithm(_ key: [String: Any]) -> [String: Any] { key.filter { $0.key != "alg" } }

    @Test("Every accepted algorithm works with a published key for it", arguments: SigningKeys.Algorithm.allCases)
    func algorithms(algorithm: SigningKeys.Algorithm) async throws {
        try await ProviderFlow.with { flow in
            let name = try #require(MockToken.publicKey(for: algorithm)["kid"] as? String)
            flow.mock.change(.oidcKeys) { response in
                response.edit { $0["keys"] = [MockToken.publicKey(for: algorithm)] }
            }
            flow.mock.changeIDToken { $0.sign(by: algorithm, keyID: name) }
            #expect(try await flow.signIn(.oidc).subject == "110169484474386276334")
            // The same name with a signature of each other algorithm.
            for other in SigningKeys.Algorithm.allCases where other != algorithm {
                flow.mock.changeIDToken { token in
                    token.sign(by: algorithm, keyID: name)
                    token.signing = .algorithm(other)
                }
                try await flow.expectRejection(.oidc, .providerError, "signature")
            }
        }
    }

    @Test("A curve key is valid on the curve of its algorithm only", arguments: ["P-256", "P-384", "P-521", "p-384"])
    func curves(curve: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcKeys) { response in
                let key = MockToken.publicKey(for: .es384).merging(["crv": curve]) { $1 }
                response.edit { $0["keys"] = [key] }
            }
            flow.mock.changeIDToken { $0.sign(by: .es384, keyID: MockToken.curveKeyID) }
            if curve == "P-384" {
                _ = try await flow.signIn(.oidc)
            } else {
                try await flow.expectRejection(.oidc, .providerError, "")
            }
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
                token.signing = .algorithm(.ps256)
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
                let curve = MockToken.publicKey(for: .es256).merging(["kid": MockToken.keyID]) { $1 }
                response.edit { $0["keys"] = (isFirst ? keys : keys.reversed()) + [curve] }
            }
            _ = try await flow.signIn(.oidc)
            flow.mock.changeIDToken { token in
                token.header["alg"] = "ES256"
                token.signing = .algorithm(.es256)
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
