import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: Unusual but valid ID tokens (OpenID Connect Core, section 2).
@Suite struct IDTokenVariationTests {
    typealias Forgery = IDTokenAttackTests.Forgery

    static let good = [
        Forgery("without azp", "") { $0.claims["azp"] = nil },
        Forgery("without at_hash", "") { $0.claims["at_hash"] = nil },
        Forgery("its audience in a list", "") { $0.claims["aud"] = [MockProvider.clientID] },
        Forgery("two audiences and our azp", "") { $0.claims["aud"] = [MockProvider.clientID, "another"] },
        Forgery("of the other algorithm", "") { token in
            token.header = ["alg": "ES256", "kid": MockToken.curveKeyID]
            token.signing = .algorithm(.es256)
        },
        Forgery("from a clock that is 50 seconds ahead", "") { token in
            token.claims["iat"] = (token.claims["iat"] as? Int ?? 0) + 50
        },
        Forgery("from a clock that is 50 seconds behind, about to expire", "") { token in
            token.claims["exp"] = (token.claims["iat"] as? Int ?? 0) - 50
        },
        // W41: RFC 7519, section 4.1.5.
        Forgery("with an nbf within the leeway", "") { token in
            token.claims["nbf"] = (token.claims["iat"] as? Int ?? 0) + 50
        },
        Forgery("with an nbf in the past", "") { $0.claims["nbf"] = 0 },
        Forgery("with no nbf, set explicitly", "") { $0.claims["nbf"] = NSNull() },
        // W40: Fields that a sign-in does not need.
        Forgery("with optional claims of odd types", "") { token in
            token.claims["email_verified"] = "true"
            for name in ["name", "picture", "hd", "locale", "given_name", "profile", "auth_time", "acr", "amr"] {
                token.claims[name] = ["a": [1, "b"]]
            }
        },
        Forgery("with optional claims that are null", "") { token in
            for name in ["azp", "at_hash", "name", "picture", "hd"] { token.claims[name] = NSNull() }
        },
        Forgery("with times that are not whole", "") { token in
            token.claims["iat"] = Double(token.claims["iat"] as? Int ?? 0) - 0.5
        },
        Forgery("with a subject of 255 characters", "") { $0.claims["sub"] = String(repeating: "1", count: 255) },
        Forgery("with the name of a directory entry as subject", "") { $0.claims["sub"] = "CN=Ada Lovelace,OU=Staff" },
        Forgery("with a long list of groups", "") { token in
            token.claims["groups"] = (0..<1000).map { "/departments/engineering/\($0)" }
        },
    ]

    @Test("Allowed variations are accepted", arguments: good, OAuthProvider.withIDTokens)
    func control(variation: Forgery, name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.changeIDToken(variation.forge)
            #expect(try await flow.signIn(name).email?.value == "ada@example.com")
        }
    }
}
