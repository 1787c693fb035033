import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// E5: Logs and errors of provider sign-ins, and what they must never contain.
@Suite struct ProviderDiscretionTests {
    @Test("No code, token, verifier, nonce, secret or email is in a log line or in an error")
    func discretion() async throws {
        try await ProviderFlow.with { flow in
            var texts: [String] = []
            var secrets: Set<String> = [MockProvider.clientSecret, MockProvider.clientSecret.percentEncoded]
            let responses: [@Sendable (inout MockResponse) -> Void] = [
                { _ in }, { $0.status = 500 }, { $0.status = 400 }, { $0.body = "\($0.body)}" },
                { $0.headers[.contentType] = "text/html" }, { $0.delivery = .closed }, { $0.redirect(to: "/trap") },
                { $0.edit { $0["token_type"] = $0["access_token"] } }, { $0.edit { $0["error"] = $0["access_token"] } },
                { $0.edit { $0["id_token"] = $0["access_token"] } }, { $0.edit { $0["id"] = $0["email"] } },
            ]
            let tokens: [@Sendable (inout MockToken) -> Void] = [
                { $0.claims["iss"] = $0.claims["email"] }, { $0.claims["aud"] = $0.claims["email"] },
                { $0.header["alg"] = "ada@example.com" }, { $0.header["kid"] = "ada@example.com" },
                { $0.claims["nonce"] = $0.claims["email"] }, { $0.claims["exp"] = $0.claims["email"] },
                { $0.claims["exp"] = 1 }, { $0.signing = .otherKey },
            ]
            for name in OAuthProvider.kinds {
                let provider = try flow.provider(name)
                for index in responses.indices {
                    for endpoint in MockProvider.Endpoint.allCases { flow.mock.change(endpoint, responses[index]) }
                    flow.clock.advance(by: 2 * 3600)
                    guard let response = try? await flow.authorize(name) else { continue }
                    secrets.formUnion([response.code.value, response.verifier.value, response.nonce.value])
                    texts.append("\(response) \(String(reflecting: response))")
                    do {
                        let identity = try await provider.identity(for: response)
                        texts.append("\(identity.tokens) \(String(reflecting: identity.tokens))")
                        secrets.insert(identity.tokens.accessToken.value)
                    } catch {
                        texts.append("\(error) \(String(reflecting: error))")
                    }
                }
            }
            for endpoint in MockProvider.Endpoint.allCases { flow.mock.change(endpoint, nil) }
            for index in tokens.indices {
                flow.mock.changeIDToken(tokens[index])
                for name in OAuthProvider.withIDTokens {
                    let error = await #expect(throws: ProviderError.self) { try await flow.signIn(name) }
                    texts.append(error.map { "\($0) \(String(reflecting: $0))" } ?? "")
                }
            }
            #expect(flow.logs.all.count >= 2)
            #expect(texts.count > 20 && secrets.count > 20)
            let text = (texts + flow.logs.all).joined(separator: "\n")
            secrets.formUnion(["access-", "refresh-", "code-", "ada@example.com", "Lovelace", "eyJ"])
            for secret in secrets { #expect(!text.contains(secret), "a text contains \(secret.prefix(8))…") }
        }
    }

    @Test("Descriptions of settings and providers do not contain secrets")
    func descriptions() async throws {
        try await ProviderFlow.with { flow in
            let settings = try TestAPI.settings(flow.mock.environment, databaseURL: "postgresql://u@h/d")
            var text = "\(settings) \(String(reflecting: settings)) \(flow.providers)"
            dump(settings.providers, to: &text)
            #expect(!text.contains(MockProvider.clientSecret))
        }
    }
}
