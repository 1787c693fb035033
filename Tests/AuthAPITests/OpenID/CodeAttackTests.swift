import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A10, A11: Codes, verifiers and issuers of other flows; the mock performs a provider's checks.
@Suite struct CodeAttackTests {
    @Test("A replayed code is rejected", arguments: OAuthProvider.kinds)
    func replay(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            let provider = try flow.provider(name)
            let response = try await flow.authorize(name)
            _ = try await provider.identity(for: response)
            let error = await #expect(throws: ProviderError.self) { try await provider.identity(for: response) }
            #expect(error?.failure == .flowExpired)
        }
    }

    @Test("A code that the provider did not issue is rejected", arguments: OAuthProvider.kinds)
    func invented(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            for code in ["", "invented", "a&client_id=b", String(repeating: "c", count: 2000)] {
                try await flow.expectRejection(name, .flowExpired, "code", change: { $0.with(code: code) })
            }
        }
    }

    @Test("A code injected into another flow fails its challenge (RFC 7636)", arguments: OAuthProvider.kinds)
    func injected(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            let victims = try await flow.authorize(name)
            try await flow.expectRejection(name, .flowExpired, "code", change: { $0.with(code: victims.code.value) })
        }
    }

    @Test("A code of one provider is rejected by another", arguments: OAuthProvider.kinds)
    func otherProvider(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            let other: OAuthProvider = name == .discord ? .google : .discord
            let code = try await flow.authorize(other).code.value
            try await flow.expectRejection(name, .flowExpired, "code", change: { $0.with(code: code) })
        }
    }

    @Test(
        "An ID token with the nonce of another flow is rejected",
        arguments: OAuthProvider.withIDTokens
    )
    func otherNonce(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            try await flow.expectRejection(name, .providerError, "nonce", change: { $0.with(nonce: "another-nonce") })
        }
    }

    @Test("An issuer other than the provider's, a similar one and a missing one are rejected (RFC 9207)")
    func issuers() async throws {
        try await ProviderFlow.with { flow in
            for issuer in [
                "https://evil.example", "\(flow.mock.address)/", "\(flow.mock.issuer(of: .oidc))/", "",
            ] {
                for name in OAuthProvider.kinds {
                    try await flow.expectRejection(
                        name,
                        .providerError,
                        "has another issuer",
                        change: { $0.with(issuer: issuer) }
                    )
                }
            }
            for name in OAuthProvider.withIDTokens {
                try await flow.expectRejection(
                    name,
                    .providerError,
                    "has no issuer",
                    change: { $0.with(issuer: nil) }
                )
            }
            // The code was not sent.
            #expect(OAuthProvider.kinds.allSatisfy { flow.mock.count($0.token) == 0 })
            // Discord's responses may omit it.
            _ = try await flow.signIn(.discord) { $0.with(issuer: nil) }
        }
    }

    @Test("An issuer is not required unless the provider announces it", arguments: OAuthProvider.withIDTokens)
    func issuerNotPromised(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.discovery) { response in
                response.edit { $0["authorization_response_iss_parameter_supported"] = nil }
            }
            _ = try await flow.signIn(name) { $0.with(issuer: nil) }
            try await flow.expectRejection(
                name,
                .providerError,
                "has another issuer",
                change: { $0.with(issuer: "https://evil.example") }
            )
        }
    }

    @Test("A wrong client secret is reported to the operator", arguments: OAuthProvider.kinds)
    func wrongSecret(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            let environment = flow.mock.environment.merging(flow.mock.environment(of: .oidc)) { $1 }
                .mapValues { $0 == MockProvider.clientSecret ? "not-the-secret" : $0 }
            let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
            let response = try await flow.authorize(name)
            let providers = IdentityProviders(
                settings.providers,
                logger: flow.logger,
                now: flow.clock.now,
                sleep: flow.clock.sleep
            )
            let error = await #expect(throws: ProviderError.self) { try await providers[name]?.identity(for: response) }
            try await providers.close()
            #expect(error?.failure == .providerError)
            #expect(error.map { "\($0.reason)" }?.contains("client ID and secret") == true)
        }
    }

    @Test(
        "Errors of the token endpoint (RFC 6749, section 5.2) are mapped to failures, whatever their status",
        arguments: OAuthProvider.kinds,
        [400, 401, 403]
    )
    func tokenErrors(name: OAuthProvider, status: Int) async throws {
        try await ProviderFlow.with { flow in
            let failures: [(String, OAuthFailure)] = [
                ("invalid_grant", .flowExpired), ("invalid_client", .providerError),
                ("unauthorized_client", .providerError), ("invalid_request", .providerError),
                ("temporarily_unavailable", .providerUnavailable), ("server_error", .providerUnavailable),
                ("<script>", .providerError), ("", .providerError),
            ]
            for (code, failure) in failures {
                flow.mock.change(name.token) { response in
                    response.status = status
                    response.body = "{\"error\":\"\(code)\",\"error_description\":\"<b>\(code)</b>\"}"
                }
                try await flow.expectRejection(name, failure, "")
            }
        }
    }

    @Test("A token counts as revoked if the provider confirms it, or if the token is unknown to the provider")
    func revocation() async throws {
        try await ProviderFlow.with { flow in
            let provider = try flow.provider(.google)
            let token = try await flow.signIn(.google).tokens.accessToken
            try await provider.revoke(token)
            flow.mock.change(.googleRevocation) { $0 = MockResponse(["error": "invalid_token"], status: 400) }
            try await provider.revoke(token)
            for code in ["unsupported_token_type", "invalid_client", "invalid_request"] {
                flow.mock.change(.googleRevocation) { $0 = MockResponse(["error": code], status: 400) }
                let error = await #expect(throws: ProviderError.self) { try await provider.revoke(token) }
                #expect(error.map { "\($0.reason)" }?.contains("4xx") == true)
            }
        }
    }

    @Test("The client authenticates in the header or in the form, as the provider supports it")
    func authentication() async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(.google)
            let posted = try #require(flow.mock.requests.last { $0.endpoint == .googleToken })
            #expect(posted.headers[.authorization] == nil && posted.body.contains("client_secret="))
            _ = try await flow.signIn(.discord)
            let basic = try #require(flow.mock.requests.last { $0.endpoint == .discordToken })
            #expect(basic.headers[.authorization]?.hasPrefix("Basic ") == true)
            #expect(!basic.body.contains("client_secret"))
        }
        try await ProviderFlow.with { flow in
            flow.mock.change(.discovery) { $0.edit { $0["token_endpoint_auth_methods_supported"] = nil } }
            _ = try await flow.signIn(.google)
            let basic = try #require(flow.mock.requests.last { $0.endpoint == .googleToken })
            #expect(basic.headers[.authorization]?.hasPrefix("Basic ") == true)
        }
    }
}
