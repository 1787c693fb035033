import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: Attacks by a hostile GitHub, or between GitHub and the browser.
@Suite struct GitHubAttackTests {
    typealias Endpoint = MockProvider.Endpoint

    static let endpoints: [Endpoint] = [.githubToken, .githubUser, .githubEmails]

    @Test("Errors with status 200 are mapped to failures")
    func errors() async throws {
        try await ProviderFlow.with { flow in
            let codes: [(String, OAuthFailure, String)] = [
                ("bad_verification_code", .flowExpired, "rejected the code"),
                ("incorrect_client_credentials", .providerError, "client ID and secret"),
                ("redirect_uri_mismatch", .providerError, "PUBLIC_URL"),
                ("unverified_user_email", .emailUnverified, "verified"), ("slow_down", .providerError, ""),
                ("<script>", .providerError, ""), ("", .providerError, ""),
            ]
            for (code, failure, reason) in codes {
                for status in [200, 400] {
                    flow.mock.change(.githubToken) { response in
                        response.status = status
                        response.edit { $0 = ["error": code, "error_description": "<b>Zebra</b>"] }
                    }
                    try await flow.expectRejection(.github, failure, reason, "\(code) \(status)")
                }
            }
            #expect(flow.mock.count(.githubUser) == 0)
            #expect(!flow.logs.all.joined().contains("Zebra"))
        }
    }

    @Test("A code that is replayed, invented, or of another flow or provider is rejected")
    func codes() async throws {
        try await ProviderFlow.with { flow in
            let provider = try flow.provider(.github)
            let response = try await flow.authorize(.github)
            _ = try await provider.identity(for: response)
            for bad in [response, response.with(code: "code-made-up")] {
                let error = await #expect(throws: ProviderError.self) { try await provider.identity(for: bad) }
                #expect(error?.failure == .flowExpired)
            }
            let stolen = try await flow.authorize(.github)
            try await flow.expectRejection(.github, .flowExpired, "", change: { $0.with(code: stolen.code.value) })
            let other = try await flow.authorize(.discord)
            try await flow.expectRejection(.github, .flowExpired, "", change: { $0.with(code: other.code.value) })
        }
    }

    @Test("A response of another issuer is a mix-up; GitHub's own, or none, is not")
    func issuers() async throws {
        try await ProviderFlow.with { flow in
            let own = flow.mock.address
            for issuer in [nil, own, "\(own)/login/oauth"] {
                _ = try await flow.signIn(.github) { $0.with(issuer: issuer) }
            }
            let count = flow.mock.count(.githubToken)
            for issuer in ["", "https://evil.example", "\(own)/login", "\(own)/login/oauth/", "https://github.com"] {
                try await flow.expectRejection(
                    .github,
                    .providerError,
                    "another issuer",
                    change: { $0.with(issuer: issuer) }
                )
            }
            #expect(flow.mock.count(.githubToken) == count)
        }
    }

    @Test(
        "The ID must be a positive whole number",
        arguments: [
            "\"583231\"", "0", "-1", "1.5", "1e300", "null", "true", "[]", "\"../user\"", "9223372036854775808",
        ]
    )
    func identifiers(json: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.githubUser) { response in
                response.body = "{\"login\":\"ada\",\"name\":\"Ada\",\"id\":\(json)}"
            }
            try await flow.expectRejection(.github, .providerError, "the provider's response", "\(json)")
            #expect(flow.mock.count(.githubEmails) == 0)
        }
    }

    @Test("The addresses must be a list", arguments: ["{}", "null", "\"ada@example.com\"", "[7]", "[", "[null]"])
    func lists(json: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.githubEmails) { $0.body = json }
            try await flow.expectRejection(.github, .providerError, "not the expected JSON", "\(json)")
        }
    }

    @Test("An invalid response of any endpoint fails the sign-in", arguments: endpoints)
    func responses(endpoint: Endpoint) async throws {
        let changes: [(OAuthFailure, String, @Sendable (inout MockResponse) -> Void)] = [
            (.providerError, "too long", { $0.body += String(repeating: " ", count: 300 * 1024) }),
            (.providerError, "too long", { $0.delivery = .endless }),
            (.providerError, "redirects are not followed", { $0.redirect(to: "/trap") }),
            (.providerError, "not the expected JSON", { $0.body += "}" }),
            (.providerUnavailable, "5xx", { $0.status = 503 }), (.providerUnavailable, "429", { $0.status = 429 }),
            (.providerUnavailable, "", { $0.delivery = .closed }),
        ]
        try await ProviderFlow.with { flow in
            for (failure, reason, change) in changes {
                flow.mock.change(endpoint, change)
                try await flow.expectRejection(.github, failure, reason, "\(reason)")
            }
            flow.mock.change(endpoint, nil)
            _ = try await flow.signIn(.github)
            #expect(flow.mock.count(.trap) == 0)
        }
    }

    @Test(
        "A sign-in fails if GitHub rejects a request for the user or returns another media type",
        arguments: [MockProvider.Endpoint.githubToken, .githubUser]
    )
    func rejections(endpoint: Endpoint) async throws {
        try await ProviderFlow.with { flow in
            for type in ["text/html", "application/x-www-form-urlencoded"] {
                flow.mock.change(endpoint) { $0.headers[.contentType] = type }
                try await flow.expectRejection(.github, .providerError, "not JSON", "\(type)")
            }
            for status in [401, 403, 404] {
                flow.mock.change(endpoint) { $0.status = status }
                try await flow.expectRejection(.github, .providerError, "", "\(status)")
            }
            #expect(flow.mock.count(.githubEmails) == 0)
        }
    }

    @Test("A slow response times out", arguments: endpoints)
    func slow(endpoint: Endpoint) async throws {
        let sleepUntilRequested: @Sendable (MockProvider, Duration) async throws -> Void = { mock, _ in
            try await mock.waitForRequest(to: endpoint)
        }
        try await ProviderFlow.with(sleep: sleepUntilRequested) { flow in
            flow.mock.change(endpoint) { $0.delivery = .held }
            try await flow.expectRejection(.github, .providerUnavailable, "in time")
        }
    }

    @Test("The log contains no codes, tokens or addresses")
    func discretion() async throws {
        try await OAuthSite.with(withGitHub: true) { site in
            for endpoint in Self.endpoints {
                site.mock.change(endpoint) { $0.edit { $0["error"] = $0["access_token"] ?? "ada@example.com" } }
                _ = try await site.signIn(.github, in: site.browser())
                site.mock.change(endpoint) { $0.body += "]" }
                let failed = try await site.signIn(.github, in: site.browser())
                expectFailure(.providerError, failed, in: site)
                site.mock.change(endpoint, nil)
            }
            let logs = site.api.logs.all.joined()
            for secret in ["code-", "access-", "ada@example.com", "Lovelace", MockProvider.clientSecret] {
                #expect(!logs.contains(secret), "\(secret)")
            }
        }
    }
}
