import CryptoExtras
import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: OpenID providers of `OIDC_…`.
@Suite struct OpenIDProviderTests {
    @Test("An OpenID provider identifies a user by an ID token")
    func signIn() async throws {
        try await ProviderFlow.with { flow in
            let identity = try await flow.signIn(.oidc)
            #expect(identity.provider == .oidc)
            #expect(identity.issuer == flow.mock.issuer(of: .oidc))
            #expect(identity.subject == "110169484474386276334")
            #expect(identity.email?.value == "ada@example.com")
            #expect(identity.displayName == "Ada Lovelace")
            // Pages may not load pictures of an OpenID provider other than Google.
            #expect(identity.avatarURL == nil)
            #expect(!identity.isEmailAuthority)
            // Claims in the ID token are not requested again.
            #expect(flow.mock.count(.oidcUserInfo) == 0)
        }
    }

    @Test("An OpenID provider is an authority for no address, whatever domain it names")
    func authority() async throws {
        try await ProviderFlow.with { flow in
            for email in ["ada@gmail.com", "ada@example.com"] {
                flow.mock.user.update { user in
                    user.email = email
                    user.hostedDomain = "example.com"
                }
                let isAuthority = try await flow.signIn(.oidc).isEmailAuthority
                #expect(!isAuthority)
            }
        }
    }

    @Test(
        "The userinfo endpoint is requested when the ID token has no address, and states whether the address is verified"
    )
    func userInfo() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { token in
                for claim in ["email", "email_verified", "name"] { token.claims[claim] = nil }
            }
            let identity = try await flow.signIn(.oidc)
            #expect(identity.email?.value == "ada@example.com" && identity.displayName == "Ada Lovelace")
            #expect(flow.mock.count(.oidcUserInfo) == 1)
            let request = try #require(flow.mock.requests.last { $0.endpoint == .oidcUserInfo })
            #expect(request.headers[.authorization] == "Bearer \(identity.tokens.accessToken.value)")
            // The token's `email_verified` does not apply to an address that is not in it.
            flow.mock.changeIDToken { token in
                token.claims["email"] = nil
                token.claims["email_verified"] = true
            }
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["email_verified"] = nil } }
            try await flow.expectAddress(.oidc, unverified: "ada@example.com")
        }
    }

    @Test("The userinfo endpoint states whether an address is verified if the ID token does not")
    func userInfoVerification() async throws {
        try await ProviderFlow.with { flow in
            // Okta's ID tokens lack the claim, too.
            flow.mock.changeIDToken { $0.claims["email_verified"] = nil }
            try await flow.expectAddress(.oidc, verified: "ada@example.com")
            let changes: [@Sendable (inout MockResponse) -> Void] = [
                { $0.edit { $0["email_verified"] = false } }, { $0.edit { $0["email_verified"] = nil } },
                // Without an address, the response verifies none.
                { $0.edit { $0["email"] = nil } }, { $0.status = 403 },
            ]
            for change in changes {
                flow.mock.change(.oidcUserInfo, change)
                try await flow.expectAddress(.oidc, unverified: "ada@example.com")
            }
            #expect(flow.mock.count(.oidcUserInfo) == 1 + changes.count)
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["sub"] = "another" } }
            try await flow.expectRejection(.oidc, .providerError, "about another user")
        }
    }

    @Test("The name of the ID token is used if the userinfo response has none", arguments: ["null", "\"\"", "7"])
    func userInfoName(json: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["name"] = MockResponse.json(json) } }
            let identity = try await flow.signIn(.oidc)
            #expect(identity.email?.value == "ada@example.com" && identity.displayName == "Ada Lovelace")
        }
    }

    @Test("A userinfo response about another subject, or none, is rejected", arguments: ["another", "", nil])
    func userInfoSubject(subject: String?) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["sub"] = subject } }
            try await flow.expectRejection(.oidc, .providerError, "about another user")
        }
    }

    @Test("An invalid userinfo response fails the sign-in")
    func userInfoResponses() async throws {
        let changes: [(OAuthFailure, String, @Sendable (inout MockResponse) -> Void)] = [
            (.providerError, "redirects are not followed", { $0.redirect(to: "/trap") }),
            (.providerError, "too long", { $0.delivery = .endless }),
            (.providerError, "not the expected JSON", { $0.body = "[]" }), (.providerError, "", { $0.status = 206 }),
            (.providerUnavailable, "429", { $0.status = 429 }), (.providerUnavailable, "5xx", { $0.status = 503 }),
            (.providerUnavailable, "closed the connection", { $0.delivery = .closed }),
        ]
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            for (failure, reason, change) in changes {
                flow.mock.change(.oidcUserInfo, change)
                try await flow.expectRejection(.oidc, failure, reason)
            }
            #expect(flow.mock.count(.trap) == 0)
            flow.mock.change(.oidcUserInfo, nil)
            // An endpoint that must not be requested counts as missing.
            flow.mock.change(.oidcDiscovery) { $0.edit { $0["userinfo_endpoint"] = "http://169.254.169.254/" } }
            flow.clock.advance(by: 3601)
            try await flow.expectAddress(.oidc)
        }
    }

    @Test("Without access to the userinfo endpoint, or with a signed response of it, the user has no address")
    func userInfoRejected() async throws {
        let changes: [@Sendable (inout MockResponse) -> Void] = [
            { $0.status = 401 }, { $0.status = 403 }, { $0.status = 404 },
            { $0.headers[.contentType] = "application/jwt" }, { $0.headers[.contentType] = nil },
            { response in
                response.status = 400
                response.headers[.contentType] = "text/html"
            },
        ]
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            for change in changes {
                flow.mock.change(.oidcUserInfo, change)
                let identity = try await flow.signIn(.oidc)
                #expect(identity.subject == "110169484474386276334" && identity.displayName == "Ada Lovelace")
                #expect(identity.email == nil && identity.unverifiedEmail == nil)
            }
            #expect(flow.mock.count(.oidcUserInfo) == changes.count)
        }
    }

    @Test("OIDC_TRUST_EMAIL accepts an address without email_verified, and never an unverified one")
    func trust() async throws {
        try await ProviderFlow.with(settings: { _ in ["OIDC_TRUST_EMAIL": "true"] }) { flow in
            flow.mock.changeIDToken { $0.claims["email_verified"] = nil }
            #expect(try await flow.signIn(.oidc).email?.value == "ada@example.com")
            try await flow.expectAddress(.google, unverified: "ada@example.com")
            for text in ["false", "\"false\"", "0", "\"\"", "[]", "\"TRUE\""] {
                flow.mock.changeIDToken { $0.claims["email_verified"] = MockResponse.json(text) }
                try await flow.expectAddress(.oidc, unverified: "ada@example.com", "\(text)")
            }
        }
    }

    @Test(
        "The client uses the configured authentication, or one that the provider lists, the header first",
        arguments: [
            (["client_secret_post", "client_secret_basic"], nil, true), (["client_secret_post"], nil, false),
            (["private_key_jwt", "client_secret_basic"], nil, true), (nil, nil, true),
            (["client_secret_basic"], "post", false), (["client_secret_post"], "basic", true),
            (["private_key_jwt"], "post", false),
        ] as [([String]?, String?, Bool)]
    )
    func authentication(listed: [String]?, setting: String?, isBasic: Bool) async throws {
        try await ProviderFlow.with(settings: { _ in ["OIDC_CLIENT_AUTH": setting ?? ""] }) { flow in
            flow.mock.change(.oidcDiscovery) { $0.edit { $0["token_endpoint_auth_methods_supported"] = listed } }
            _ = try await flow.signIn(.oidc)
            let request = try #require(flow.mock.requests.last { $0.endpoint == .oidcToken })
            #expect((request.headers[.authorization]?.hasPrefix("Basic ") == true) == isBasic)
            #expect(request.body.contains("client_secret=") != isBasic)
        }
    }

    @Test("A provider that accepts no client secret is reported")
    func noSecret() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcDiscovery) { response in
                response.edit { $0["token_endpoint_auth_methods_supported"] = ["private_key_jwt", "none"] }
            }
            try await flow.expectRejection(.oidc, .providerError, "accepts no client secret")
            #expect(flow.mock.count(.oidcToken) == 0)
        }
    }

    @Test(
        "W23: To use another account, a provider that does not list select_account asks the user to sign in",
        arguments: [
            (["none", "login", "consent", "select_account"], "select_account"),
            (["none", "login", "consent"], "login"), ([], "login"), (nil, "login"),
        ] as [([String]?, String)]
    )
    func choosing(listed: [String]?, prompt: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.oidcDiscovery) { $0.edit { $0["prompt_values_supported"] = listed } }
            let request = AuthorizationRequest(
                state: "s",
                nonce: "n",
                codeChallenge: "c",
                redirectURI: "https://x/",
                choosesAccount: true
            )
            let address = try await flow.provider(.oidc).authorizationURL(for: request)
            #expect(address.hasSuffix("&nonce=n&prompt=\(prompt)"))
        }
    }

    @Test("Scopes are those of the settings; PKCE, nonce and state are always sent")
    func scopes() async throws {
        try await ProviderFlow.with(settings: { _ in ["OIDC_SCOPES": "openid email groups"] }) { flow in
            let request = AuthorizationRequest(state: "s", nonce: "n", codeChallenge: "c", redirectURI: "https://x/")
            let address = try await flow.provider(.oidc).authorizationURL(for: request)
            #expect(address.contains("&scope=openid%20email%20groups&"))
            #expect(address.contains("&code_challenge=c&code_challenge_method=S256&nonce=n"))
        }
    }
}
