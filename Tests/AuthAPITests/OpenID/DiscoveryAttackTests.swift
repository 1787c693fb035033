import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11: Discovery documents that name other hosts (OpenID Connect Discovery 1.0, section 4.3; RFC 8414, section 6.2).
@Suite struct DiscoveryAttackTests {
    private func metadata(
        issuer: String,
        _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws -> Result<ProviderMetadata, ProviderError> {
        let address = try #require(ProviderURL(issuer))
        var object: [String: Any] = [
            "issuer": issuer, "authorization_endpoint": "\(issuer)/authorize", "token_endpoint": "\(issuer)/token",
            "jwks_uri": "\(issuer)/keys",
        ]
        change(&object)
        let json = try JSONSerialization.data(withJSONObject: object)
        let document = try JSONDecoder().decode(ProviderMetadata.Document.self, from: json)
        do throws(ProviderError) {
            return .success(try ProviderMetadata(document, issuer: address))
        } catch {
            return .failure(error)
        }
    }

    private func reason(_ result: Result<ProviderMetadata, ProviderError>) -> String {
        switch result {
        case .success: "taken"
        case .failure(let error): error.failure == .providerError ? "\(error.reason)" : "\(error.failure)"
        }
    }

    @Test("Google's real document is accepted")
    func google() throws {
        let result = try metadata(issuer: "https://accounts.google.com") { object in
            object["authorization_endpoint"] = "https://accounts.google.com/o/oauth2/v2/auth"
            object["token_endpoint"] = "https://oauth2.googleapis.com/token"
            object["jwks_uri"] = "https://www.googleapis.com/oauth2/v3/certs"
        }
        #expect(reason(result) == "taken")
    }

    @Test(
        "The document of another issuer, or of one with another spelling, is rejected",
        arguments: [
            "https://evil.example", "https://accounts.google.com/", "http://accounts.google.com", "accounts.google.com",
            "HTTPS://accounts.google.com", "https://accounts.google.com.evil.example", "",
        ]
    )
    func issuer(text: String) throws {
        let result = try metadata(issuer: "https://accounts.google.com") { $0["issuer"] = text }
        #expect(reason(result).contains("another issuer"))
    }

    @Test("A host that would crash the HTTP client is rejected", arguments: ["https://[]", "https://[", "https://]"])
    func noHost(text: String) { #expect(ProviderURL(text) == nil) }

    static let fields = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
    static let elsewhere = [
        // Not encrypted, or no web address at all.
        "http://oauth2.googleapis.com/token", "http://accounts.google.com/token", "file:///etc/passwd",
        "ftp://oauth2.googleapis.com/", "javascript:alert(1)", "data:application/json,{}", "gopher://127.0.0.1:6379/_",
        "unix:///run/docker.sock", "//oauth2.googleapis.com/token", "/token", "", "https://", "https:///token",
        // This machine and its network, in every notation.
        "http://127.0.0.1/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/",
        "https://0x7f.1/", "https://0177.0.0.1/", "https://10.0.0.5/", "https://169.254.169.254/latest/meta-data",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00::1]/", "https://localhost/",
        "https://localhost./", "https://a.localhost/", "https://backend:8000/", "https://postgres/",
        "https://metadata.google.internal/", "https://printer.local/", "https://router.lan/", "https://1.2.3.4./",
        // URLs that parsers interpret differently.
        "https://accounts.google.com@127.0.0.1/", "https://user:password@oauth2.googleapis.com/",
        "https://oauth2.googleapis.com/#fragment", "https://oauth2.googleapis.com\\@127.0.0.1/",
        "https://oauth2.googleapis.com/ token", "https://oauth2.googleapis.com/\r\nHost: x", "https://gööglé.com/",
        "https://oauth2.googleapis.com:99999/", "https://oauth2.googleapis.com/" + String(repeating: "x", count: 2048),
    ]

    @Test("Endpoints outside the public internet, or without a valid URL, are rejected", arguments: fields, elsewhere)
    func endpoint(field: String, address: String) throws {
        let result = try metadata(issuer: "https://accounts.google.com") { $0[field] = address }
        #expect(reason(result).contains("not allowed"), "\(address)")
    }

    @Test("An issuer on this machine may use only its own host and public ones", arguments: fields)
    func loopback(field: String) throws {
        for address in ["http://127.0.0.1:9/x", "https://127.0.0.1:9/x", "https://login.example/x?a=b"] {
            #expect(reason(try metadata(issuer: "http://127.0.0.1:1234") { $0[field] = address }) == "taken")
        }
        for address in ["http://localhost/x", "http://127.0.0.2/x", "http://10.0.0.5/x", "https://10.0.0.5/x"] {
            let result = try metadata(issuer: "http://127.0.0.1:1234") { $0[field] = address }
            #expect(reason(result).contains("not allowed"))
        }
    }

    @Test("A document without a required field is rejected", arguments: fields + ["issuer"], OAuthProvider.withIDTokens)
    func lacking(field: String, name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.discovery) { $0.edit { $0[field] = nil } }
            try await flow.expectRejection(name, .providerError, "not the expected JSON")
        }
    }

    @Test(
        "A document that names other hosts stops the flow before a redirect or request",
        arguments: fields,
        OAuthProvider.withIDTokens
    )
    func sendsNoRequest(field: String, name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.discovery) { $0.edit { $0[field] = "http://169.254.169.254/latest/meta-data" } }
            try await flow.expectRejection(name, .providerError, "not allowed")
            #expect(flow.mock.requests.map(\.endpoint) == [name.discovery])
        }
    }

    @Test("A document that becomes invalid is rejected; the cached one is used", arguments: OAuthProvider.withIDTokens)
    func turnsBad(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            _ = try await flow.signIn(name)
            flow.mock.change(name.discovery) { $0.edit { $0["issuer"] = "https://evil.example" } }
            flow.clock.advance(by: 2 * 3600)
            _ = try await flow.signIn(name)
            #expect(flow.mock.count(name.discovery) == 2)
            #expect(
                flow.logs.all.contains { $0.contains("another issuer") && $0.contains("\"document\":\"discovery\"") }
            )
        }
    }

    @Test(
        "The authorization endpoint may have query parameters (RFC 6749, section 3.1)",
        arguments: OAuthProvider.withIDTokens
    )
    func query(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(name.discovery) { response in
                response.edit { $0["authorization_endpoint"] = "\($0["authorization_endpoint"] ?? "")?tenant=a%26b" }
            }
            let request = AuthorizationRequest(
                state: "s&t",
                nonce: "n",
                codeChallenge: "c",
                redirectURI: "https://x/?y"
            )
            let address = try await flow.provider(name).authorizationURL(for: request)
            #expect(address.contains("/authorize?tenant=a%26b&response_type=code&client_id="))
            #expect(address.contains("&state=s%26t&") && address.contains("&redirect_uri=https%3A%2F%2Fx%2F%3Fy&"))
        }
    }

    @Test("Google's issuer has two spellings in its tokens, others have one")
    func spellings() {
        #expect(
            GoogleAccount.spellings(of: "https://accounts.google.com")
                == ["https://accounts.google.com", "accounts.google.com"]
        )
        #expect(GoogleAccount.spellings(of: "https://login.example") == ["https://login.example"])
    }
}
