import AsyncHTTPClient
import FoundationEssentials
import Shared

/// Checks that the providers that are on can be asked, and that their clocks agree with this one.
struct ProviderReach: Sendable {
    /// More, and tokens from the provider seem to come from the future, or to have expired.
    static let toleratedSkew = 30.0

    let providers: [OAuthProvider: ProviderSettings]
    let patience: Duration
    /// The clock.
    var now: @Sendable () -> Date = { Date.now }

    func findings() async -> [Finding] {
        guard !providers.isEmpty else { return [] }
        // The client that signs people in, so that both agree on what can be used.
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: ProviderClient.clientConfiguration)
        let client = ProviderClient(client: http) { [patience] _ in try await Task.sleep(for: patience) }
        var findings: [Finding] = []
        for (provider, settings) in providers.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            findings += await look(at: provider, settings, client)
        }
        try? await http.shutdown()
        return findings
    }

    /// What is asked: for Google the document that all else follows from, for Discord an answer to anybody.
    private static func path(_ provider: OAuthProvider) -> String {
        switch provider {
        case .google: "/.well-known/openid-configuration"
        case .discord: "/api/v10/gateway"
        }
    }

    private func look(
        at provider: OAuthProvider,
        _ settings: ProviderSettings,
        _ client: ProviderClient
    ) async -> [Finding] {
        let address = settings.address.appending(Self.path(provider))
        let answer: ProviderAnswer
        do {
            answer = try await client.get(address)
        } catch {
            return [Self.fault(of: provider, at: address, error)]
        }
        var findings: [Finding] = []
        do throws(ProviderError) {
            if provider == .google { _ = try ProviderMetadata(answer.decoded(), issuer: settings.address) }
            findings.append(.ok(provider.displayName, "\(address) responds"))
        } catch {
            findings.append(Self.fault(of: provider, at: address, error))
        }
        if let theirs = answer.date.flatMap(HTTPDate.seconds) {
            findings.append(Self.judge(skew: theirs - now().timeIntervalSince1970, against: provider.displayName))
        }
        return findings
    }

    private static func fault(of provider: OAuthProvider, at address: String, _ error: ProviderError) -> Finding {
        let advice =
            switch (error.failure, provider) {
            case (.providerUnavailable, _):
                "check that this server can connect to it (DNS, firewall, proxy, certificates)"
            case (_, .google):
                "GOOGLE_ISSUER must be exactly the issuer of an OpenID provider; leave it empty for Google"
            case (_, .discord):
                "DISCORD_BASE_URL must be the base address of Discord's API; leave it empty for Discord"
            }
        return .fix(provider.displayName, "sign-in with it does not work: \(address): \(error.reason)", advice)
    }

    /// Judges how far another clock is ahead, in seconds.
    static func judge(skew: Double, against other: String) -> Finding {
        guard abs(skew) > toleratedSkew else { return .ok("clock", "agrees with that of \(other)") }
        return .fix(
            "clock",
            "this machine is \(Int(abs(skew))) seconds \(skew > 0 ? "behind" : "ahead of") \(other)",
            "synchronize it with NTP (timedatectl set-ntp true)"
        )
    }
}

/// The one form of a time in HTTP that servers send (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970; nil when the text has another form.
    static func seconds(_ text: String) -> Double? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(of: String(words[2])), (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, (0...23).contains(time[0]), (0...59).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        // Days from civil: a year that begins in March has its leap day at the end.
        let shiftedYear = month < 2 ? year - 1 : year
        let shiftedMonth = (month + 10) % 12
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let days = 365 * shiftedYear + shiftedYear / 4 - shiftedYear / 100 + shiftedYear / 400 + dayOfYear - 719_468
        return Double(days * 86_400 + time[0] * 3600 + time[1] * 60 + time[2])
    }
}
