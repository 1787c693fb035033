import AsyncHTTPClient
import FoundationEssentials
import Shared

/// Checks that the enabled providers are reachable, and that their clocks agree with this one.
struct ProviderReach: Sendable {
    /// The tolerated difference in seconds; with a larger one, the provider's tokens can appear expired or premature.
    static let toleratedSkew = 30.0

    let providers: [ProviderSettings]
    let timeout: Duration
    var now: @Sendable () -> Date = { Date.now }

    func findings() async -> [Finding] {
        guard !providers.isEmpty else { return [] }
        var findings: [Finding] = []
        for provider in providers {
            // The client that sign-ins use, so that both accept the same responses.
            let configuration = ProviderClient.clientConfiguration(trusting: provider.openID.authorities)
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            let client = ProviderClient(client: http) { [timeout] _ in try await Task.sleep(for: timeout) }
            findings += await inspect(at: provider, client)
            try? await http.shutdown()
        }
        return findings
    }

    /// The address to request: the discovery document of an OpenID provider, or a public address of another provider.
    private static func address(of provider: ProviderSettings) -> String? {
        switch provider.kind {
        case .google, .line, .oidc:
            ProviderMetadata.address(of: provider.address, through: provider.openID.internalOrigin)
        case .discord: provider.address.appending("/api/v10/gateway")
        case .github: GitHubAPI(provider.address).probe
        }
    }

    private func inspect(at provider: ProviderSettings, _ client: ProviderClient) async -> [Finding] {
        let address = Self.address(of: provider) ?? provider.address.description
        let response: ProviderResponse
        do {
            response = try await client.get(address)
        } catch {
            return [Self.fault(of: provider, at: address, error)]
        }
        var findings = [await Self.judge(response, from: address, of: provider, client)]
        if let theirs = response.date.flatMap(HTTPDate.seconds) {
            findings.append(Self.judge(skew: theirs - now().timeIntervalSince1970, against: provider.name.en))
        }
        return findings
    }

    /// Evaluates the response: whether it is the issuer's document, and its keys can verify ID tokens.
    private static func judge(
        _ response: ProviderResponse,
        from address: String,
        of provider: ProviderSettings,
        _ client: ProviderClient
    ) async -> Finding {
        guard provider.kind != .discord, provider.kind != .github else {
            return .ok(provider.name.en, "\(address) responds")
        }
        var requestedAddress = address
        do throws(ProviderError) {
            let origin = provider.openID.internalOrigin
            let keys = try ProviderMetadata(response.decoded(), issuer: provider.address, through: origin).keySetAddress
            requestedAddress = keys.description
            // LINE's ID tokens are signed with the secret.
            if provider.kind != .line, try await client.signingKeys(at: keys).isEmpty {
                throw ProviderError(.providerError, "none of the keys can verify an ID token")
            }
            return .ok(provider.name.en, "\(address) responds; its issuer and keys are valid")
        } catch {
            return fault(of: provider, at: requestedAddress, error)
        }
    }

    private static func fault(of provider: ProviderSettings, at address: String, _ error: ProviderError) -> Finding {
        let advice =
            switch (error.failure, provider.kind) {
            case (.providerUnavailable, .oidc):
                """
                check that this server can connect to it (DNS, firewall, proxy); \(provider.variable(.oidcCAFile)) names \
                the authority of its certificate, \(provider.variable(.oidcInternalURL)) the address inside a network
                """
            case (.providerUnavailable, _):
                "check that this server can connect to it (DNS, firewall, proxy, certificates)"
            case (_, .google):
                "GOOGLE_ISSUER must be exactly the issuer of an OpenID provider; leave it empty for Google"
            case (_, .oidc):
                """
                \(provider.variable(.oidcIssuer)) must be exactly the "issuer" in the provider's discovery document, and \
                its algorithm one of \(SigningKeys.Algorithm.allCases.map(\.rawValue).joined(separator: ", "))
                """
            case (_, .line): "leave LINE_ISSUER empty for LINE"
            case (_, .discord):
                "DISCORD_BASE_URL must be the base address of Discord's API; leave it empty for Discord"
            case (_, .github):
                "GITHUB_URL must be the address of a GitHub Enterprise Server; leave it empty for GitHub"
            }
        let expected = error.details.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
        let details = expected.isEmpty ? "" : " (\(expected))"
        return .fix(
            provider.name.en,
            "sign-in with it does not work: \(address): \(error.reason)\(details)",
            advice
        )
    }

    /// Evaluates how far another clock is ahead, in seconds.
    static func judge(skew: Double, against other: String) -> Finding {
        guard abs(skew) > toleratedSkew else { return .ok("clock", "agrees with that of \(other)") }
        return .fix(
            "clock",
            "this machine is \(Int(abs(skew))) seconds \(skew > 0 ? "behind" : "ahead of") \(other)",
            "synchronize it with NTP (timedatectl set-ntp true)"
        )
    }
}
