import FoundationEssentials
import Shared

/// Everything that can be set about the API.
struct APISettings: Sendable {
    let common: CommonSettings
    /// The address to listen on.
    let host: String
    let port: Int
    /// The port of the metrics; nil when nobody is to read them.
    let metricsPort: Int?
    let database: DatabaseRoles
    /// Whether the server brings the schema up to date before it serves.
    let migrateOnStart: Bool
    let secretKey: Secret
    /// The key in use before, which still checks what it signed.
    let secretKeyPrevious: Secret?
    /// How this site is registered with the providers that are on.
    let providers: [OAuthProvider: ProviderSettings]
    let argon2: Argon2Parameters
    let hashingThreads: Int
    /// How many password checks may wait.
    let hashingQueue: Int
    /// How often somebody may guess.
    let throttleLimits: ThrottleLimits
    /// For how many days events of the audit trail are kept; nil for ever.
    let auditRetention: Int?

    /// Reads and checks all settings.
    ///
    /// - Throws: ``SettingsFaults`` with one line for each that is missing or invalid.
    init(from reader: SettingsReader = SettingsReader()) throws {
        var reader = reader
        common = CommonSettings(from: &reader)
        host = reader.text(.apiHost, default: "0.0.0.0")
        port = reader.integer(.apiPort, in: 0...65_535, default: 8000)
        metricsPort = reader.port(.apiMetricsPort, otherThan: port)
        let database = DatabaseRoles.read(from: &reader)
        migrateOnStart = reader.boolean(.migrateOnStart, default: true)
        let key = reader.secretKey(.secretKey)
        if key == nil, !reader.hasFault(.secretKey) {
            reader.fault(.secretKey, "is required; make one with: AuthAPI generate-secrets")
        }
        secretKeyPrevious = reader.secretKey(.secretKeyPrevious)
        if let key, key == secretKeyPrevious { reader.fault(.secretKeyPrevious, "must differ from SECRET_KEY") }
        providers = reader.providers()
        let defaults = Argon2Parameters()
        argon2 = Argon2Parameters(
            memoryKiB: reader.integer(.argon2MemoryKiB, in: 8192...1_048_576, default: defaults.memoryKiB),
            iterations: reader.integer(.argon2Iterations, in: 1...16, default: defaults.iterations),
            parallelism: reader.integer(.argon2Parallelism, in: 1...16, default: defaults.parallelism)
        )
        hashingThreads = reader.integer(
            .hashingThreads,
            in: 1...256,
            default: ProcessInfo.processInfo.activeProcessorCount
        )
        hashingQueue = reader.integer(.hashingQueue, in: 1...10_000, default: 32)
        let limits = ThrottleLimits()
        throttleLimits = ThrottleLimits(
            account: reader.limit(.loginLimitAccount, default: limits.account),
            device: reader.limit(.loginLimitDevice, default: limits.device),
            network: reader.limit(.loginLimitNetwork, default: limits.network),
            registration: reader.limit(.registrationLimitNetwork, default: limits.registration)
        )
        auditRetention = reader.retention(.auditRetention, default: 90)
        try reader.finish()
        // Both are there when nothing was at fault.
        guard let key, let database else { throw SettingsFaults(lines: reader.faults) }
        secretKey = key
        self.database = database
    }
}

extension SettingsReader {
    /// A key that is long and random enough to sign with.
    fileprivate mutating func secretKey(_ name: SettingName) -> Secret? {
        guard let secret = secret(name) else { return nil }
        if let weakness = SecretStrength.weakness(of: secret) {
            fault(name, weakness)
            return nil
        }
        return secret
    }

    /// A number of attempts within a number of seconds, or the default.
    fileprivate mutating func limit(_ name: SettingName, default fallback: Limit) -> Limit {
        guard let text = text(name) else { return fallback }
        guard let limit = Limit(text) else {
            fault(name, "must be attempts/seconds like 10/600: up to 100000 attempts, within up to 86400 seconds")
            return fallback
        }
        return limit
    }

    /// For how many days something is kept, or the default; nil when it is kept for ever.
    fileprivate mutating func retention(_ name: SettingName, default fallback: Int) -> Int? {
        let days = integer(name, in: 0...36_500, default: fallback)
        // The database refuses to remove what is younger.
        if (1...6).contains(days) { fault(name, "must be 7 days or more, or 0 for ever") }
        return days == 0 ? nil : days
    }
}
