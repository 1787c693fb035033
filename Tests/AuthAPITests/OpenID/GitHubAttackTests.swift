import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: Attacks by a hostile GitHub, or between GitHub and the browser.
@Suite struct GitHubAttackTests {
    typealias Endpoint = StandInProvider.Endpoint

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
                    flow.standIn.change(.githubToken) { answer in
                        answer.status = status
                        answer.edit { $0 = ["error": code, "error_description": "<b>Zebra</b>"] }
                    }
                    try await flow.expectRefusal(.github, failure, reason, "\(code) \(status)")
                }
            }
            #expect(flow.standIn.count(.githubUser) == 0)
            #expect(!flow.logs.all.joined().contains("Zebra"))
        }
    }

    @Test("A code that is replayed, made up, or of another flow or provider")
    func codes() async throws {
        try await ProviderFlow.with { flow in
            let provider = try flow.provider(.github)
            let answer = try await flow.answer(.github)
            _ = try await provider.identity(for: answer)
            for bad in [answer, answer.with(code: "code-made-up")] {
                let error = await #expect(throws: ProviderError.self) { try await provider.identity(for: bad) }
                #expect(error?.failure == .flowExpired)
            }
            let stolen = try await flow.answer(.github)
            try await flow.expectRefusal(.github, .flowExpired, "", change: { $0.with(code: stolen.code.value) })
            let foreign = try await flow.answer(.discord)
            try await flow.expectRefusal(.github, .flowExpired, "", change: { $0.with(code: foreign.code.value) })
        }
    }

    @Test("A response of another issuer is a mix-up; GitHub's own, or none, is not")
    func issuers() async throws {
        try await ProviderFlow.with { flow in
            let own = flow.standIn.address
            for issuer in [nil, own, "\(own)/login/oauth"] {
                _ = try await flow.signIn(.github) { $0.with(issuer: issuer) }
            }
            let count = flow.standIn.count(.githubToken)
            for issuer in ["", "https://evil.example", "\(own)/login", "\(own)/login/oauth/", "https://github.com"] {
                try await flow.expectRefusal(
                    .github,
                    .providerError,
                    "another issuer",
                    change: { $0.with(issuer: issuer) }
                )
            }
            #expect(flow.standIn.count(.githubToken) == count)
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
            flow.standIn.change(.githubUser) { answer in
                answer.body = "{\"login\":\"ada\",\"name\":\"Ada\",\"id\":\(json)}"
            }
            try await flow.expectRefusal(.github, .providerError, "the provider's response", "\(json)")
            #expect(flow.standIn.count(.githubEmails) == 0)
        }
    }

    @Test("The addresses must be a list", arguments: ["{}", "null", "\"ada@example.com\"", "[7]", "[", "[null]"])
    func lists(json: String) async throws {
        try await ProviderFlow.with { flow in
            flow.standIn.change(.githubEmails) { $0.body = json }
            try await flow.expectRefusal(.github, .providerError, "not the expected JSON", "\(json)")
        }
    }

    @Test("Invalid responses of each endpoint", arguments: endpoints)
    func responses(endpoint: Endpoint) async throws {
        let changes: [(OAuthFailure, String, @Sendable (inout StandInAnswer) -> Void)] = [
            (.providerError, "too long", { $0.body += String(repeating: " ", count: 300 * 1024) }),
            (.providerError, "too long", { $0.delivery = .endless }),
            (.providerError, "redirects are not followed", { $0.redirect(to: "/trap") }),
            (.providerError, "not JSON", { $0.headers[.contentType] = "text/html" }),
            (.providerError, "not JSON", { $0.headers[.contentType] = "application/x-www-form-urlencoded" }),
            (.providerError, "not the expected JSON", { $0.body += "}" }),
            (.providerUnavailable, "5xx", { $0.status = 503 }), (.providerUnavailable, "429", { $0.status = 429 }),
            (.providerError, "", { $0.status = 403 }), (.providerUnavailable, "", { $0.delivery = .closed }),
        ]
        try await ProviderFlow.with { flow in
            for (failure, reason, change) in changes {
                flow.standIn.change(endpoint, change)
                try await flow.expectRefusal(.github, failure, reason, "\(reason)")
            }
            flow.standIn.change(endpoint, nil)
            _ = try await flow.signIn(.github)
            #expect(flow.standIn.count(.trap) == 0)
        }
    }

    @Test("A slow response times out", arguments: endpoints)
    func slow(endpoint: Endpoint) async throws {
        let patience: @Sendable (StandInProvider, Duration) async throws -> Void = { standIn, _ in
            try await standIn.asked(for: endpoint)
        }
        try await ProviderFlow.with(sleep: patience) { flow in
            flow.standIn.change(endpoint) { $0.delivery = .held }
            try await flow.expectRefusal(.github, .providerUnavailable, "in time")
        }
    }

    @Test("The log contains no codes, tokens or addresses")
    func discretion() async throws {
        try await OAuthSite.with(withGitHub: true) { site in
            for endpoint in Self.endpoints {
                site.standIn.change(endpoint) { $0.edit { $0["error"] = $0["access_token"] ?? "ada@example.com" } }
                _ = try await site.signIn(.github, in: site.browser())
                site.standIn.change(endpoint) { $0.body += "]" }
                let failed = try await site.signIn(.github, in: site.browser())
                expectFailure(.providerError, failed, in: site)
                site.standIn.change(endpoint, nil)
            }
            let logs = site.api.logs.all.joined()
            for secret in ["code-", "access-", "ada@example.com", "Lovelace", StandInProvider.clientSecret] {
                #expect(!logs.contains(secret), "\(secret)")
            }
        }
    }
}
