import Crypto
import CryptoExtras
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: The provider's keys: fetched rarely, replaced when they change, kept while the provider is unavailable.
@Suite struct SigningKeyTests {
    private static let rotated: @Sendable (inout MockResponse) -> Void = { response in
        response.edit { $0["keys"] = [MockToken.publicKey(named: "rotated", MockToken.otherKey)] }
    }
    private static let signedByRotated: @Sendable (inout MockToken) -> Void = { token in
        token.header["kid"] = "rotated"
        token.signing = .otherKey
    }

    @Test("The discovery document and the keys are fetched once an hour", arguments: OAuthProvider.withIDTokens)
    func cached(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            for _ in 0..<3 { _ = try await flow.signIn(name) }
            #expect(flow.mock.count(name.keys) == 1 && flow.mock.count(name.discovery) == 1)
            flow.clock.advance(by: 3400)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 1 && flow.mock.count(name.discovery) == 1)
            flow.clock.advance(by: 201)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 2 && flow.mock.count(name.discovery) == 2)
        }
    }

    @Test("Many first sign-ins at once fetch once", arguments: OAuthProvider.withIDTokens)
    func singleFlight(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await flow.signIn(name) } }
                try await group.waitForAll()
            }
            #expect(flow.mock.count(name.keys) == 1 && flow.mock.count(name.discovery) == 1)
        }
    }

    @Test("New keys are found by their new ID", arguments: OAuthProvider.withIDTokens)
    func rotation(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.mock.change(name.keys, Self.rotated)
            flow.mock.changeIDToken(Self.signedByRotated)
            flow.clock.advance(by: 61)
            _ = try await flow.signIn(name)
            // The previous key is no longer trusted.
            flow.mock.changeIDToken(nil)
            try await flow.expectRejection(name, .providerError, "does not publish")
        }
    }

    @Test(
        "W43: Keys that change right after a regular fetch are found at once, by many sign-ins with one request",
        arguments: OAuthProvider.withIDTokens
    )
    func rotationAfterFetch(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 1)
            flow.mock.change(name.keys, Self.rotated)
            flow.mock.changeIDToken(Self.signedByRotated)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { _ = try await flow.signIn(name) } }
                try await group.waitForAll()
            }
            #expect(flow.mock.count(name.keys) == 2)
        }
    }

    @Test(
        "W43: Changed keys are also found after the hourly fetch; one for an unknown key ID does not count as regular",
        arguments: OAuthProvider.withIDTokens
    )
    func rotationAfterRefresh(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.clock.advance(by: 3601)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 2)
            flow.clock.advance(by: 1)
            flow.mock.changeIDToken { $0.header["kid"] = "unknown" }
            for _ in 0..<5 { try await flow.expectRejection(name, .providerError, "does not publish") }
            #expect(flow.mock.count(name.keys) == 3)
            flow.clock.advance(by: 60)
            flow.mock.change(name.keys, Self.rotated)
            flow.mock.changeIDToken(Self.signedByRotated)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 4)
        }
    }

    @Test("W43: Changed keys are found as soon as they can be fetched again", arguments: OAuthProvider.withIDTokens)
    func rotationDuringOutage(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.mock.changeIDToken(Self.signedByRotated)
            flow.mock.change(name.keys) { $0.status = 503 }
            try await flow.expectRejection(name, .providerError, "does not publish")
            flow.mock.change(name.keys, Self.rotated)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 3)
        }
    }

    @Test(
        "30 concurrent tokens with unknown keys cause one fetch, and another only after a minute",
        arguments: OAuthProvider.withIDTokens
    )
    func unknownKeys(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.clock.advance(by: 61)
            flow.mock.changeIDToken { token in
                token.header["kid"] = UUID().uuidString
                token.signing = .otherKey
            }
            for expected in [2, 2, 3] {
                if expected == 3 { flow.clock.advance(by: 60) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<30 {
                        group.addTask { try await flow.expectRejection(name, .providerError, "does not publish") }
                    }
                    try await group.waitForAll()
                }
                #expect(flow.mock.count(name.keys) == expected)
            }
        }
    }

    @Test(
        "Discovery document and keys are used for a day while the provider's hosts are unavailable",
        arguments: OAuthProvider.withIDTokens
    )
    func keepsKeysDuringOutage(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.mock.change(name.keys) { $0.status = 503 }
            flow.mock.change(name.discovery) { $0.delivery = .closed }
            flow.clock.advance(by: 2 * 3600)
            for _ in 0..<5 { _ = try await flow.signIn(name) }
            // Retried, but not for each sign-in.
            #expect(flow.mock.count(name.keys) == 2 && flow.mock.count(name.discovery) == 2)
            #expect(
                flow.logs.all.count { $0.contains("not fetched") && $0.contains("\"kept\":\"true\"") } == 2
            )
            flow.clock.advance(by: 61)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.keys) == 3)
            flow.clock.advance(by: 22 * 3600)
            try await flow.expectRejection(name, .providerUnavailable, "")
            flow.mock.change(name.discovery, nil)
            flow.clock.advance(by: 61)
            try await flow.expectRejection(name, .providerUnavailable, "5xx")
            flow.mock.change(name.keys, nil)
            _ = try await flow.signIn(name)
        }
    }

    @Test("Documents expire even if the clock is set back", arguments: OAuthProvider.withIDTokens)
    func clockMovedBack(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.clock.advance(by: -86_400 * 365)
            flow.mock.change(name.keys, Self.rotated)
            flow.mock.changeIDToken(Self.signedByRotated)
            _ = try await flow.signIn(name)
        }
    }

    @Test(
        "Keys of other kinds, for other uses, or invalid, are ignored; the valid one among them is used",
        arguments: OAuthProvider.withIDTokens
    )
    func oddKeys(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.keys) { response in
                let good = MockToken.publicKey
                func changed(_ field: String, _ value: Any) -> [String: Any] { good.merging([field: value]) { $1 } }
                let keys: [Any] = [
                    ["kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": MockToken.keyID],
                    ["kty": "oct", "k": "AAAA", "alg": "HS256", "kid": MockToken.keyID],
                    ["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": MockToken.keyID], [String: Any](),
                    NSNull(), MockToken.keyID, 7, [good],
                    changed("use", "enc"), changed("alg", "RSA-OAEP"), changed("alg", "none"), changed("n", "!"),
                    changed("n", "AQAB"), changed("n", String(repeating: "A", count: 100_000)), changed("e", 3),
                    good,
                ]
                response.edit { $0["keys"] = keys }
            }
            _ = try await flow.signIn(name)
        }
    }

    @Test("A key of fewer than 2048 bits is not used")
    func shortKey() async throws {
        let document = """
            {"keys":[{"kty":"RSA","kid":"short","alg":"RS256","e":"AQAB","n":"\(String(repeating: "w", count: 171))"}]}
            """
        let keys = await SigningKeys(try JSONDecoder().decode(SigningKeys.Document.self, from: Data(document.utf8)))
        #expect(keys.isEmpty && keys.keys(named: "short", for: .rs256).isEmpty)
    }

    @Test(
        "A token without a key ID is accepted if there is one key (OpenID Connect Core, section 10.1)",
        arguments: OAuthProvider.withIDTokens
    )
    func noName(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.keys) { $0.edit { $0["keys"] = [MockToken.publicKey] } }
            flow.mock.changeIDToken { $0.header["kid"] = nil }
            _ = try await flow.signIn(name)
            flow.mock.changeIDToken { token in
                token.header["kid"] = nil
                token.signing = .otherKey
            }
            try await flow.expectRejection(name, .providerError, "signature")
        }
    }

    @Test("An empty key set, and one of ten thousand keys, are rejected", arguments: OAuthProvider.withIDTokens)
    func counts(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.keys) { $0.edit { $0["keys"] = [[String: Any]]() } }
            try await flow.expectRejection(name, .providerError, "does not publish")
            flow.mock.change(name.keys) { response in
                response.edit { $0["keys"] = Array(repeating: ["kid": "x"], count: 10_000) + [MockToken.publicKey] }
            }
            flow.clock.advance(by: 61)
            try await flow.expectRejection(name, .providerError, "does not publish")
        }
    }
}
