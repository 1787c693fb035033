import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: OpenID providers with their own certificate authority, or with an internal address.
@Suite struct OpenIDNetworkTests {
    @Test("A certificate of the provider's own authority is accepted only if OIDC_CA_FILE names it")
    func authorities() async throws {
        try await TestCertificates.with { certificates in
            let tls = try certificates.serverConfiguration()
            let authority = certificates.path("root.crt")
            try await ProviderFlow.with(tls: tls, settings: { _ in ["OIDC_CA_FILE": authority] }) { flow in
                #expect(flow.mock.address.hasPrefix("https://"))
                #expect(try await flow.signIn(.oidc).email?.value == "ada@example.com")
                // The other providers trust the system's authorities.
                try await flow.expectRejection(.google, .providerUnavailable, "certificate is not trusted")
            }
            for wrong in [certificates.path("other.crt"), ""] {
                try await ProviderFlow.with(tls: tls, settings: { _ in ["OIDC_CA_FILE": wrong] }) { flow in
                    try await flow.expectRejection(.oidc, .providerUnavailable, "certificate is not trusted")
                    #expect(flow.mock.requests.isEmpty)
                }
            }
        }
    }

    /// Runs `body` with a provider at https://login.example for browsers, and at the mock for this server.
    private func withInternalURL(
        namesInternal: Bool = false,
        _ body: @Sendable (ProviderFlow) async throws -> Void
    ) async throws {
        let settings: @Sendable (MockProvider) -> [String: String] = { mock in
            mock.publicOrigin.update { $0 = "https://login.example" }
            return ["OIDC_INTERNAL_URL": mock.address, "OIDC_ISSUER": "https://login.example/realms/a"]
        }
        try await ProviderFlow.with(settings: settings) { flow in
            if namesInternal {
                flow.mock.change(.oidcDiscovery) { [address = flow.mock.address] response in
                    response.edit { body in
                        for field in ["token_endpoint", "jwks_uri", "userinfo_endpoint"] {
                            body[field] = "\(body[field] ?? "")".replacing("https://login.example", with: address)
                        }
                    }
                }
            }
            try await body(flow)
        }
    }

    @Test("The server sends requests to OIDC_INTERNAL_URL, browsers go to the issuer", arguments: [true, false])
    func internalURL(namesInternal: Bool) async throws {
        try await withInternalURL(namesInternal: namesInternal) { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            let identity = try await flow.signIn(.oidc)
            #expect(identity.issuer == "https://login.example/realms/a")
            let requested = Set(flow.mock.requests.map(\.endpoint))
            #expect(requested == [.oidcDiscovery, .oidcToken, .oidcKeys, .oidcUserInfo])
        }
    }

    @Test("A discovery document that names the internal address as the issuer is rejected")
    func internalIssuer() async throws {
        try await withInternalURL { flow in
            flow.mock.publicOrigin.update { $0 = nil }
            try await flow.expectRejection(.oidc, .providerError, "another issuer")
        }
    }

    @Test(
        "A redirect from the internal address to any other address is not followed",
        arguments: [MockProvider.Endpoint.oidcDiscovery, .oidcKeys, .oidcToken, .oidcUserInfo],
        ["https://login.example/realms/a/x", "http://169.254.169.254/", "/trap"]
    )
    func redirects(endpoint: MockProvider.Endpoint, target: String) async throws {
        try await withInternalURL { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            flow.mock.change(endpoint) { $0.redirect(to: target) }
            try await flow.expectRejection(.oidc, .providerError, "redirects are not followed")
            #expect(flow.mock.count(.trap) == 0)
        }
    }

    @Test(
        "Other internal hosts are not requested, and the browser is not redirected to the internal address",
        arguments: [
            ("token_endpoint", "http://10.0.0.5/token"), ("token_endpoint", "http://127.0.0.1:1/token"),
            ("jwks_uri", "http://keycloak:8080/keys"), ("token_endpoint", "http://login.example/token"),
            ("authorization_endpoint", "INTERNAL/authorize"),
        ]
    )
    func elsewhere(field: String, address: String) async throws {
        try await withInternalURL { flow in
            flow.mock.change(.oidcDiscovery) { [own = flow.mock.address] response in
                response.edit { $0[field] = address.replacing("INTERNAL", with: own) }
            }
            try await flow.expectRejection(.oidc, .providerError, "not allowed")
            #expect(flow.mock.requests.map(\.endpoint) == [.oidcDiscovery])
        }
    }

    @Test("Sign-ins do not wait for each other while a provider is slow")
    func concurrent() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.discordToken) { $0.delivery = .held }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 { group.addTask { _ = try await flow.signIn(.discord) } }
                try await eventually("all requests arrive") { flow.mock.count(.discordToken) == 40 }
                flow.mock.release()
                try await group.waitForAll()
            }
        }
    }

    @Test("A URL keeps its path and query when its origin is replaced")
    func moved() throws {
        let inside = try #require(ProviderURL(internalOrigin: "http://keycloak:8080/"))
        let issuer = try #require(ProviderURL("https://login.example/realms/a"))
        for (given, expected) in [
            ("https://login.example/token?a=b/c", "http://keycloak:8080/token?a=b/c"),
            ("https://LOGIN.example:443/token", "http://keycloak:8080/token"),
            ("https://login.example", "http://keycloak:8080"),
            ("http://keycloak:8080/token", "http://keycloak:8080/token"),
            ("https://other.example/token", "https://other.example/token"),
            ("https://login.example:8443/token", "https://login.example:8443/token"),
        ] {
            #expect(issuer.endpoint(given, through: inside)?.description == expected)
        }
        for given in ["http://keycloak:8081/token", "https://keycloak:8080/token", "http://login.example/", "/token"] {
            #expect(issuer.endpoint(given, through: inside) == nil, "\(given)")
        }
        #expect(
            ProviderMetadata.address(of: issuer, through: inside)
                == "http://keycloak:8080/realms/a/.well-known/openid-configuration"
        )
        let slash = try #require(ProviderURL("https://login.example/application/o/site/"))
        #expect(
            ProviderMetadata.address(of: slash, through: nil)
                == "https://login.example/application/o/site/.well-known/openid-configuration"
        )
    }
}
