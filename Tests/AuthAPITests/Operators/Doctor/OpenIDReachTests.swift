import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A10: The findings of `doctor` about OpenID providers, with real servers.
@Suite struct OpenIDReachTests {
    /// The findings about the second OpenID provider, which is the mock.
    private static func findings(
        _ changes: [String: String] = [:],
        certificates: TestCertificates? = nil,
        prepare: @Sendable (MockProvider) -> Void = { _ in }
    ) async throws -> [Finding] {
        await TestGate.providers.enter()
        defer { Task { await TestGate.providers.leave() } }
        return try await MockProvider.with(tls: try certificates?.serverConfiguration()) { mock in
            prepare(mock)
            let environment = mock.environment(of: OAuthProvider.openID[1]).merging(
                changes.mapValues { $0.replacing("ADDRESS", with: mock.address) }
            ) { $1 }
            let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
            let found = await ProviderReach(providers: settings.providers.all, timeout: .seconds(20)).findings()
            #expect(mock.requests.allSatisfy { $0.body.isEmpty && $0.headers[.authorization] == nil })
            #expect(mock.count(.trap) == 0)
            return found
        }
    }

    @Test("A10 A working provider has no problems: issuer, keys and clock are checked")
    func good() async throws {
        let found = try await Self.findings()
        #expect(found.map(\.subject) == ["Realm oidc_2", "clock"])
        #expect(found.allSatisfy { $0.level == .ok }, "\(found)")
        #expect(found[0].message.contains("/realms/b/.well-known/openid-configuration responds; its issuer and keys"))
    }

    @Test("A10 The internal address is requested, and the issuer is still compared")
    func internalURL() async throws {
        let settings = ["OIDC_2_ISSUER": "https://login.example/realms/b", "OIDC_2_INTERNAL_URL": "ADDRESS"]
        let good = try await Self.findings(settings) { $0.publicOrigin.update { $0 = "https://login.example" } }
        #expect(good[0].level == .ok && good[0].message.hasPrefix("http://127.0.0.1:"))
        let bad = try await Self.findings(settings)
        #expect(bad[0].level == .fix && bad[0].message.contains("another issuer"))
        #expect(bad[0].message.contains("expected https://login.example/realms/b"))
        #expect(bad[0].advice?.contains("OIDC_2_ISSUER must be exactly") == true)
        let outside = try await Self.findings(settings) { mock in
            mock.change(.oidcDiscovery) { $0.redirect(to: "https://login.example/trap") }
        }
        #expect(outside[0].level == .fix && outside[0].message.contains("redirects are not followed"))
    }

    @Test("A11 Unusable keys are a problem", arguments: ["[]", "[{\"kty\":\"oct\",\"k\":\"AAAA\"}]"])
    func keys(json: String) async throws {
        let found = try await Self.findings {
            $0.change(.oidcKeys) { $0.edit { $0["keys"] = MockResponse.json(json) } }
        }
        #expect(found[0].level == .fix && found[0].message.contains("/realms/b/keys: none of the keys"))
        #expect(found[0].advice?.contains("ES256, ES384, ES512, EdDSA") == true)
    }

    @Test("A10 A certificate that is not trusted differs from a provider that is unreachable")
    func authorities() async throws {
        try await TestCertificates.with { certificates in
            let trusted = ["OIDC_2_CA_FILE": certificates.path("root.crt")]
            let good = try await Self.findings(trusted, certificates: certificates)
            #expect(good.allSatisfy { $0.level == .ok }, "\(good)")
            for wrong in [["OIDC_2_CA_FILE": certificates.path("other.crt")], [:]] {
                let found = try await Self.findings(wrong, certificates: certificates)
                #expect(found.count == 1 && found[0].level == .fix)
                #expect(found[0].message.contains("certificate is not trusted"))
                #expect(found[0].advice?.contains("OIDC_2_CA_FILE") == true)
            }
        }
    }
}
