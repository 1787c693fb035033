import CryptoExtras
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: the algorithms and keys of ID tokens (RFC 7518, RFC 8037, RFC 8725).
@Suite struct SigningAlgorithmTests {
    private static func withoutAlgorithm(_ key: [String: Any]) -> [String: Any] { key.filter { $0.key != "alg" } }

    @Test("RS256, PS256, ES256 and EdDSA with a published key", arguments: ["RS256", "PS256", "ES256", "EdDSA"])
    func algorithms(algorithm: String) async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.oidcKeys) { answer in
                let rsa = StandInToken.publicKey.merging(["alg": algorithm]) { $1 }
                let keys =
                    switch algorithm {
                    case "ES256": [StandInToken.publicCurveKey]
                    case "EdDSA": [StandInToken.publicEdwardsKey]
                    default: [rsa]
                    }
                answer.edit { $0["keys"] = keys }
            }
            flow.standIn.changeIDToken { token in
                token.header["alg"] = algorithm
                switch algorithm {
                case "ES256":
                    token.header["kid"] = StandInToken.curveKeyID
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
            flow.standIn.changeIDToken { token in
                token.header["kid"] = algorithm == "ES256" ? StandInToken.curveKeyID : StandInToken.keyID
                token.header["alg"] = algorithm
                token.signing = algorithm == "RS256" ? .keyWithPSS : .key
            }
            try await flow.expectRefusal(.oidc, .providerError, "")
        }
    }

    @Test("An RSA key without an algorithm is valid for RS256 and PS256, and not for HMAC")
    func noAlgorithm() async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.oidcKeys) { answer in
                answer.edit { $0["keys"] = [Self.withoutAlgorithm(StandInToken.publicKey)] }
            }
            _ = try await flow.signIn(.oidc)
            flow.standIn.changeIDToken { token in
                token.header["alg"] = "PS256"
                token.signing = .keyWithPSS
            }
            _ = try await flow.signIn(.oidc)
            let pem = Data((StandInToken.key?.publicKey.pemRepresentation ?? "").utf8)
            for secret in [pem, Data(StandInProvider.clientSecret.utf8), Data()] {
                flow.standIn.changeIDToken { token in
                    token.header["alg"] = "HS256"
                    token.signing = .hmac(secret)
                }
                try await flow.expectRefusal(.oidc, .providerError, "algorithm that is not accepted")
            }
        }
    }

    @Test("A symmetric key in the key set is ignored", arguments: ["HS256", "RS256"])
    func publishedSecret(algorithm: String) async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.oidcKeys) { answer in
                answer.edit { body in
                    body["keys"] = [
                        [
                            "kty": "oct", "kid": StandInToken.keyID, "alg": algorithm,
                            "k": Base64URL.encode(Data("s".utf8)),
                        ]
                    ]
                }
            }
            flow.standIn.changeIDToken { token in
                token.header["alg"] = algorithm
                token.signing = .hmac(Data("s".utf8))
            }
            try await flow.expectRefusal(.oidc, .providerError, "")
        }
    }

    @Test("Of two keys with one ID, the signing one is found, and others are rejected", arguments: [true, false])
    func oneName(isFirst: Bool) async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.oidcKeys) { answer in
                let other = try? _RSA.Signing.PrivateKey(keySize: .bits2048)
                let keys = [StandInToken.publicKey, StandInToken.publicKey(named: StandInToken.keyID, other)]
                let curve = StandInToken.publicCurveKey.merging(["kid": StandInToken.keyID]) { $1 }
                answer.edit { $0["keys"] = (isFirst ? keys : keys.reversed()) + [curve] }
            }
            _ = try await flow.signIn(.oidc)
            flow.standIn.changeIDToken { token in
                token.header["alg"] = "ES256"
                token.signing = .curveKey
            }
            _ = try await flow.signIn(.oidc)
            flow.standIn.changeIDToken { $0.signing = .strangersKey }
            try await flow.expectRefusal(.oidc, .providerError, "signature")
        }
    }

    @Test("At most four keys with the same ID are tried")
    func manyOfOneName() async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.oidcKeys) { answer in
                let others = (0..<4).map { _ in
                    StandInToken.publicKey(named: StandInToken.keyID, StandInToken.strangersKey)
                }
                answer.edit { $0["keys"] = others + [StandInToken.publicKey] }
            }
            try await flow.expectRefusal(.oidc, .providerError, "signature")
        }
    }

    @Test("A key that is replaced under the same ID, or without one, is found at once", arguments: ["key", nil])
    func sameName(name: String?) async throws {
        try await ProviderFlow.with { flow in
            for isFirst in [true, false] {
                let key = isFirst ? StandInToken.key : StandInToken.strangersKey
                let signing: StandInToken.Signing = isFirst ? .key : .strangersKey
                var published = StandInToken.publicKey(named: name ?? "", key)
                if name == nil { published["kid"] = nil }
                let json = try JSONSerialization.data(withJSONObject: ["keys": [published]])
                flow.standIn.change(.oidcKeys) { $0.body = String(decoding: json, as: UTF8.self) }
                flow.standIn.changeIDToken { token in
                    token.header["kid"] = name
                    token.signing = signing
                }
                _ = try await flow.signIn(.oidc)
            }
            #expect(flow.standIn.count(.oidcKeys) == 2)
            // The previous key is no longer trusted, and its tokens do not cause requests.
            flow.standIn.changeIDToken { $0.header["kid"] = name }
            for _ in 0..<5 { try await flow.expectRefusal(.oidc, .providerError, "signature") }
            #expect(flow.standIn.count(.oidcKeys) == 2)
        }
    }
}
