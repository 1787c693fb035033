import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A11: Invalid responses of a provider, from each endpoint.
@Suite struct ProviderResponseAttackTests {
    typealias Endpoint = MockProvider.Endpoint

    static let endpoints = Endpoint.requested

    private func expectRejection(
        _ endpoint: Endpoint,
        _ failure: OAuthFailure,
        _ reason: String,
        change: @escaping @Sendable (inout MockResponse) -> Void
    ) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(endpoint, change)
            let name = endpoint.provider
            try await flow.expectRejection(name, failure, reason)
            // One response was enough: the request is not repeated.
            #expect(flow.mock.count(endpoint) == 1)
            flow.mock.change(endpoint, nil)
            _ = try await flow.signIn(name)
        }
    }

    @Test("A 10 MB response is not read", arguments: endpoints)
    func big(endpoint: Endpoint) async throws {
        try await expectRejection(endpoint, .providerError, "too long") { response in
            response.edit { $0["padding"] = String(repeating: "x", count: 10 * 1024 * 1024) }
        }
    }

    @Test("A response that is one byte too long is not read, one of exactly 256 KiB is", arguments: [0, 1])
    func limit(excess: Int) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.discordUser) { response in
                let length = 256 * 1024 - response.body.utf8.count + excess
                response.body += String(repeating: " ", count: length)
            }
            if excess == 0 {
                _ = try await flow.signIn(.discord)
            } else {
                try await flow.expectRejection(.discord, .providerError, "too long")
            }
        }
    }

    @Test("An endless response times out", arguments: endpoints)
    func endless(endpoint: Endpoint) async throws {
        try await expectRejection(endpoint, .providerError, "too long") { $0.delivery = .endless }
    }

    @Test("A slow response times out, whether its head or its body is late", arguments: endpoints, [true, false])
    func slow(endpoint: Endpoint, hasHead: Bool) async throws {
        // The response is held until the end of the test. The timeout starts only once the request has arrived.
        let waits = Locked<[Duration]>([])
        let sleepUntilRequested: @Sendable (MockProvider, Duration) async throws -> Void = { mock, duration in
            waits.update { $0.append(duration) }
            try await mock.waitForRequest(to: endpoint)
        }
        try await ProviderFlow.with(sleep: sleepUntilRequested) { flow in
            flow.mock.change(endpoint) { $0.delivery = hasHead ? .stalled : .held }
            let name = endpoint.provider
            try await flow.expectRejection(name, .providerUnavailable, "in time")
            #expect(flow.mock.count(endpoint) == 1)
        }
        #expect(Set(waits.value) == [.seconds(5)])
    }

    @Test("A redirect to an internal address is not followed", arguments: endpoints, [301, 302, 303, 307, 308])
    func redirect(endpoint: Endpoint, status: Int) async throws {
        try await ProviderFlow.with { flow in
            let trap = "\(flow.mock.address)/trap"
            flow.mock.change(endpoint) { response in
                response.redirect(to: trap)
                response.status = status
            }
            let name = endpoint.provider
            try await flow.expectRejection(name, .providerError, "redirects are not followed")
            #expect(flow.mock.count(.trap) == 0)
        }
    }

    @Test(
        "A response of another media type is rejected, even if its body is valid",
        arguments: endpoints,
        ["text/html; charset=utf-8", "text/plain", "application/jwt", "application/jsonp", "json"]
    )
    func html(endpoint: Endpoint, type: String) async throws {
        try await expectRejection(endpoint, .providerError, "not JSON") { $0.headers[.contentType] = type }
    }

    @Test("A response without a content type, or with two, is rejected", arguments: endpoints, [0, 2])
    func types(endpoint: Endpoint, count: Int) async throws {
        try await expectRejection(endpoint, .providerError, "not JSON") { response in
            response.headers[values: .contentType] = Array(["application/json", "text/html"].prefix(count))
        }
    }

    @Test("500, 503 and 429 mean that the provider is unavailable", arguments: endpoints, [500, 502, 503, 429])
    func unavailable(endpoint: Endpoint, status: Int) async throws {
        try await expectRejection(endpoint, .providerUnavailable, status == 429 ? "429" : "5xx") { response in
            response.status = status
            response.headers[.contentType] = "text/html"
            response.body = "<h1>Sorry</h1>"
        }
    }

    @Test("Other statuses fail the sign-in, even with a valid body", arguments: endpoints, [201, 206, 400, 403, 404])
    func status(endpoint: Endpoint, status: Int) async throws {
        let reason = status < 300 ? "another status than 200" : "4xx"
        try await expectRejection(endpoint, .providerError, reason) { $0.status = status }
    }

    // RFC 9110, section 12.5.3: without `Accept-Encoding`, a server may choose a coding. A provider may close an idle
    // connection at the moment when the next request is sent on it.
    @Test("Requests accept no content coding, and each one has its own connection")
    func connections() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.changeIDToken { $0.claims["email"] = nil }
            for name in OAuthProvider.kinds { _ = try await flow.signIn(name) }
            #expect(flow.mock.count(.oidcUserInfo) == 1)
            #expect(flow.mock.requests.allSatisfy { $0.headers[.acceptEncoding] == "identity" })
            #expect(flow.mock.requests.allSatisfy { $0.headers[.connection] == "close" })
        }
    }

    @Test("A connection that closes without a response means that the provider is unavailable", arguments: endpoints)
    func closed(endpoint: Endpoint) async throws {
        try await expectRejection(endpoint, .providerUnavailable, "closed the connection") { $0.delivery = .closed }
    }

    @Test("An unreachable provider is reported as unavailable", arguments: OAuthProvider.kinds)
    func absent(name: OAuthProvider) async throws {
        let environment = try await MockProvider.with { $0.environment.merging($0.environment(of: .oidc)) { $1 } }
        let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
        try await ProviderFlow.with { flow in
            // Its codes are valid, but the address is that of a stopped provider.
            let response = try await flow.authorize(name)
            let providers = IdentityProviders(settings.providers, logger: flow.logger)
            let error = await #expect(throws: ProviderError.self) {
                try await providers[name]?.identity(for: response.with(issuer: nil))
            }
            try await providers.close()
            #expect(error?.failure == .providerUnavailable)
        }
    }

    @Test(
        "JSON of another structure is rejected",
        arguments: endpoints,
        [
            "", "null", "[]", "\"text\"", "{}", "{\"a\":1,}", "{\"access_token\":1}", "\u{FEFF}{", "{\"a\":\"\u{1}\"}",
            String(repeating: "[", count: 100_000),
            "{\"keys\":[{\"" + String(repeating: "\u{301}", count: 50_000) + "\":1}]}",
        ]
    )
    func json(endpoint: Endpoint, body: String) async throws {
        try await expectRejection(endpoint, .providerError, "not the expected JSON") { $0.body = body }
    }

    @Test(
        "A token of another type is rejected",
        arguments: OAuthProvider.kinds.map(\.token),
        ["mac", "DPoP", "N_A", "bearer\u{301}"]
    )
    func tokenType(endpoint: Endpoint, type: String) async throws {
        try await expectRejection(endpoint, .providerError, "bearer") { $0.edit { $0["token_type"] = type } }
    }

    // W40: A missing type means the only one that this client requests.
    @Test("The type is case-insensitive, and may be missing", arguments: OAuthProvider.kinds.map(\.token))
    func tokenTypeCase(endpoint: Endpoint) async throws {
        try await ProviderFlow.with { flow in
            let name = endpoint.provider
            for type in ["\"bEARER\"", "\"\"", "null", "7", "[\"Bearer\"]", nil] {
                flow.mock.change(endpoint) { response in
                    response.edit { $0["token_type"] = type.map(MockResponse.json) }
                }
                _ = try await flow.signIn(name)
            }
        }
    }

    @Test(
        "A token that cannot be sent or stored is rejected",
        arguments: OAuthProvider.kinds.map(\.token),
        [
            "", "a b", "a\r\nHost: evil.example", "töken",
            String(repeating: "x", count: TokenResponse.maximumTokenLength + 1),
        ]
    )
    func token(endpoint: Endpoint, text: String) async throws {
        try await expectRejection(endpoint, .providerError, "token is empty, too long") {
            $0.edit { $0["access_token"] = text }
        }
    }

    @Test("A token response without an ID token is rejected", arguments: OAuthProvider.withIDTokens)
    func noIDToken(name: OAuthProvider) async throws {
        try await expectRejection(name.token, .providerError, "no ID token") { $0.edit { $0["id_token"] = nil } }
    }
}
