import Foundation
import Shared
import Testing

@testable import AuthAPI

/// W40: Unneeded fields are parsed tolerantly; W24, W42: required fields, and how rejections are reported.
@Suite struct ProviderToleranceTests {
    @Test(
        "W40: A lifetime of any kind is accepted",
        arguments: [
            ("\"3600\"", 3600), ("3600", 3600), ("3600.9", 3600), ("1", 1), ("\"0\"", nil), ("-1", nil),
            ("\"-1\"", nil),
            ("1e300", nil), ("99999999999", nil), ("\"99999999999\"", nil), ("\"1e3\"", nil), ("\"0x10\"", nil),
            ("\"nan\"", nil), ("\"\"", nil), ("\"soon\"", nil), ("null", nil), ("true", nil), ("[3600]", nil),
            ("{}", nil),
        ] as [(String, TimeInterval?)]
    )
    func lifetime(json: String, seconds: TimeInterval?) async throws {
        try await ProviderFlow.with { flow async throws in
            for provider in OAuthProvider.kinds {
                flow.mock.change(provider.token) { $0.edit { $0["expires_in"] = MockResponse.json(json) } }
                let expiresAt = try await flow.signIn(provider).tokens.expiresAt
                let lifetime = expiresAt?.timeIntervalSince(flow.clock.now())
                if let seconds {
                    #expect(lifetime.map { (seconds - 20...seconds).contains($0) } == true, "\(lifetime ?? 0)")
                } else {
                    #expect(expiresAt == nil)
                }
            }
        }
    }

    @Test(
        "W40: A refresh token that cannot be stored, and unused fields, do not prevent a sign-in",
        arguments: [
            "\"\"", "null", "7", "[]", "\"a b\"", "\"a\\r\\nb\"", "\"töken\"",
            "\"\(String(repeating: "x", count: TokenResponse.maximumTokenLength + 1))\"",
        ]
    )
    func refreshToken(json: String) async throws {
        try await ProviderFlow.with { flow async throws in
            for provider in OAuthProvider.kinds {
                flow.mock.change(provider.token) { response in
                    response.edit { body in
                        body["refresh_token"] = MockResponse.json(json)
                        body["scope"] = ["openid", "email"]
                        body["refresh_token_expires_in"] = "never"
                        body["nobody_knows"] = ["a": [NSNull(), 1]]
                    }
                }
                #expect(try await flow.signIn(provider).tokens.refreshToken == nil)
            }
        }
    }

    @Test("W40: A long access token does not prevent a sign-in", arguments: OAuthProvider.withIDTokens)
    func longAccessToken(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow async throws in
            // Some providers list roles in it. This is the longest that can be stored.
            let long = String(repeating: "x", count: ProviderTokenVault.maximumLength)
            flow.mock.changeIDToken { $0.claims["at_hash"] = nil }
            flow.mock.change(name.token) { $0.edit { $0["access_token"] = long } }
            #expect(try await flow.signIn(name).tokens.accessToken.value == long)
        }
    }

    @Test("W40: names, pictures and flags of Discord's user may be of any type; the identifier may not")
    func discordUser() async throws {
        try await ProviderFlow.with { flow async throws in
            for json in ["null", "7", "[]", "{}", "\"\"", "\"\\u0000\\u0007\"", "true"] {
                flow.mock.change(.discordUser) { response in
                    response.edit { body in
                        for name in ["username", "global_name", "avatar", "discriminator", "flags", "mfa_enabled"] {
                            body[name] = MockResponse.json(json)
                        }
                    }
                }
                let identity = try await flow.signIn(.discord)
                #expect(identity.displayName == nil && identity.avatarURL == nil)
                #expect(identity.subject == "80351110224678912")
            }
            for json in ["null", "80351110224678912", "8.0351110224678912e16", "[]", "true"] {
                flow.mock.change(.discordUser) { $0.edit { $0["id"] = MockResponse.json(json) } }
                try await flow.expectRejection(.discord, .providerError, "not the expected JSON", "\(json)")
            }
            for json in ["\"true\"", "1", "null", "[true]"] {
                flow.mock.change(.discordUser) { $0.edit { $0["verified"] = MockResponse.json(json) } }
                try await flow.expectAddress(.discord, unverified: "ada@example.com", "\(json)")
            }
            for json in ["7", "[]", "{}", "true"] {
                flow.mock.change(.discordUser) { $0.edit { $0["email"] = MockResponse.json(json) } }
                try await flow.expectAddress(.discord, "\(json)")
            }
        }
    }

    @Test(
        "W40: An email of another type counts as missing, and unused fields of a discovery document may be invalid",
        arguments: OAuthProvider.withIDTokens
    )
    func googleClaims(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.change(name.discovery) { response in
                response.edit { body in
                    body["token_endpoint_auth_methods_supported"] = "client_secret_basic"
                    body["authorization_response_iss_parameter_supported"] = "yes"
                    body["scopes_supported"] = 7
                }
            }
            _ = try await flow.signIn(name)
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["email"] = nil } }
            for json in ["7", "[]", "[\"ada@example.com\"]", "true"] {
                flow.mock.changeIDToken { $0.claims["email"] = MockResponse.json(json) }
                try await flow.expectAddress(name, "\(json)")
            }
        }
    }

    @Test(
        "W24: An address that is invalid here counts as missing, verified or not",
        arguments: OAuthProvider.kinds,
        [
            "ada", "ada@localhost", "ada@b.c\r\nBcc: x", "ada@ex\u{202E}ample.com", "ada@日本.example",
            "ａda@example.com", "ada@example.com\u{200B}", "ada@example.com\u{301}", "\"ada\"@example.com",
            String(repeating: "a", count: 250) + "@example.com", String(repeating: "\u{301}", count: 5000),
        ]
    )
    func unusableEmail(provider: OAuthProvider, email: String) async throws {
        try await ProviderFlow.with { flow async throws in
            for isVerified in [true, false] {
                flow.mock.user.update { user in
                    user.email = email
                    user.isEmailVerified = isVerified
                }
                try await flow.expectAddress(provider)
            }
        }
    }

    @Test("W42: The operator sees both values that had to be equal, escaped and truncated")
    func mismatches() async throws {
        try await ProviderFlow.with { flow async throws in
            func details(
                _ change: (AuthorizationResponse) -> AuthorizationResponse = { $0 }
            ) async throws -> [String: String] {
                do {
                    _ = try await flow.signIn(.google, change: change)
                    return [:]
                } catch let error as ProviderError {
                    return Dictionary(uniqueKeysWithValues: error.details.map { ($0.name, $0.value.description) })
                }
            }
            let own = flow.mock.address
            flow.mock.changeIDToken { $0.claims["iss"] = "\(own)/" }
            #expect(try await details() == ["expected": own, "received": "\(own)/"])
            flow.mock.changeIDToken { $0.claims["iss"] = "https://x\u{301}\r\n\\\u{1B}[31m" }
            #expect(
                try await details()["received"] == #"https://x\xcc\x81\x0d\x0a\x5c\x1b[31m"#
            )
            flow.mock.changeIDToken { $0.claims["iss"] = String(repeating: "x", count: 5000) }
            #expect(try await details()["received"] == String(repeating: "x", count: 200) + "…")
            flow.mock.changeIDToken { $0.claims["aud"] = ["first", "second"] }
            #expect(try await details() == ["expected": MockProvider.clientID, "received": "first second"])
            for text in ["ada@example.com", "https://user@accounts.example"] {
                flow.mock.changeIDToken { $0.claims["iss"] = text }
                #expect(try await details()["received"] == "(withheld: it has an @)")
            }
            flow.mock.changeIDToken { $0.claims["azp"] = "another-client" }
            #expect(try await details() == ["expected": MockProvider.clientID, "received": "another-client"])
            flow.mock.changeIDToken(nil)
            let mixedUp = try await details { $0.with(issuer: "https://evil.example") }
            #expect(mixedUp == ["expected": own, "received": "https://evil.example"])
            #expect(try await details { $0.with(issuer: "Zebra stripes") }["received"] == "(no issuer)")
        }
    }

    @Test("W42: If the issuer in the discovery document differs, both spellings are logged")
    func discoveryMismatch() async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.change(.discovery) { $0.edit { $0["issuer"] = "https://accounts.example/" } }
            try await flow.expectRejection(.google, .providerError, "another issuer")
            let line = flow.logs.all.first { $0.contains("not fetched") } ?? ""
            #expect(line.contains("\"expected\":\"\(flow.mock.address)\""))
            #expect(line.contains("\"received\":\"https://accounts.example/\""))
        }
    }

    @Test(
        "W42: An error code in the format of RFC 6749 is logged, and nothing else of the response",
        arguments: [
            ("redirect_uri_mismatch", true), ("invalid_client", true), ("org_internal", true),
            ("INVALID_SCOPE", true), ("Invalid Client", false),
            ("invalid_client\r\n", false), (String(repeating: "x", count: 65), false), ("", false),
        ]
    )
    func providerWords(word: String, isLogged: Bool) async throws {
        try await OAuthSite.with { site in
            for endpoint in [MockProvider.Endpoint.googleToken, .discordToken] {
                site.mock.change(endpoint) { response in
                    response.status = 400
                    response.edit { $0 = ["error": word, "error_description": "Zebra stripes"] }
                }
            }
            for provider in OAuthProvider.mocked {
                expectFailure(.providerError, try await site.signIn(provider, in: site.browser()), in: site)
                let browser = site.browser()
                let target = try await site.begin(provider, in: browser)
                let state = target.split(separator: "state=")[1].prefix { $0 != "&" }
                let query = "error=\(word.percentEncoded)&error_description=Zebra&state=\(state)"
                let response = try await browser.get("\(APIPath.oauthCallback(provider))?\(query)")
                expectFailure(.providerError, response, in: site)
            }
            let lines = site.api.logs.all.filter { $0.contains("sign-in through a provider failed") }
            #expect(lines.count == 4)
            #expect(lines.allSatisfy { $0.contains("\"provider_error\":\"\(word)\"") == isLogged })
            #expect(lines.allSatisfy { $0.contains("\"provider_error\":") == isLogged })
            #expect(!lines.joined().contains("Zebra"))
        }
    }
}
