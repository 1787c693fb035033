import Logging
import Shared

/// Checks a deployment from inside: settings, database, providers and files.
struct Doctor {
    /// The environment.
    let reader: SettingsReader
    let logger: Logger
    /// The timeout of each network request.
    var timeout: Duration = .seconds(5)

    /// Runs every check that is possible with the settings, even if some of them are invalid.
    func findings() async -> [Finding] {
        var findings: [Finding] = []
        do {
            _ = try APISettings(from: reader)
            findings.append(.ok("settings", "complete and valid"))
        } catch {
            findings += (error as? SettingsFaults)?.lines.map(Self.fault) ?? []
        }
        // Their faults are already reported; each check uses the valid ones that it needs.
        var reader = reader
        let common = CommonSettings(from: &reader)
        let isProduction = common.environment == .production
        let providers = reader.providers()
        findings += SecretFiles(reader: reader, isProduction: isProduction).findings()
        findings += PublicAddress(
            url: common.publicURL,
            isProduction: isProduction,
            providers: providers.all
        ).findings()
        findings += ServerReach(
            host: reader.text(.apiHost, default: "0.0.0.0"),
            trustedPeers: common.trustedPeers,
            isTrustSet: reader.isSet(.trustedPeers)
        ).findings()
        let port = reader.integer(.apiPort, in: 1...65_535, default: APISettings.defaultPort)
        let access = ApplicationAccessSettings(
            from: &reader,
            publicURL: common.publicURL,
            port: port
        )
        findings += await ApplicationReach(
            application: access.application,
            signsAssertions: access.signsAssertions,
            timeout: timeout
        ).findings()
        findings += await ProviderReach(providers: providers.all, timeout: timeout).findings()
        if let database = DatabaseRoles.read(from: &reader) {
            findings += await DatabaseHealth(
                roles: database,
                publicURL: common.publicURL,
                migratesOnStart: reader.boolean(.migrateOnStart, default: true),
                logger: logger,
                timeout: timeout
            ).findings()
        } else {
            findings.append(.note("database", "not checked: the settings do not name it"))
        }
        return findings
    }

    private static func fault(_ line: String) -> Finding {
        let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
        return .fix("settings", line, ".env.example describes \(parts.first ?? "each setting")")
    }
}
