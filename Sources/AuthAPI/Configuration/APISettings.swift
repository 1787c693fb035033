import Shared

/// The settings of the API.
struct APISettings: Sendable {
    let common: CommonSettings
    /// The address to listen on.
    let host: SettingHost
    var port: Int
    /// The port of the metrics; nil when metrics are off.
    let metricsPort: Int?
    var database: DatabaseRoles
    /// Whether the server migrates the schema before it serves requests.
    let migrateOnStart: Bool
    let secretKeys: SecretKeys
    /// The settings of the enabled providers.
    let providers: ProviderList
    let argon2: Argon2Parameters
    let hashingThreads: Int
    /// The memory of all concurrent hashes together in bytes.
    let hashingMemory: Int
    /// The maximum number of waiting password checks.
    let hashingQueue: Int
    /// The rate limits.
    let throttleLimits: ThrottleLimits
    /// Who may use the application behind the sign-in.
    let access: ApplicationAccessSettings
    /// Who may create an account.
    let registration: RegistrationSettings
    /// How long audit events are kept, in days; nil means no limit.
    let auditRetention: Int?

    static let defaultPort = 8000

    /// Reads and validates all settings.
    ///
    /// - Parameters:
    ///   - reader: the source of the settings.
    ///   - limits: the processors and memory that hashing may use.
    /// - Throws: ``SettingsFaults`` with one line for each that is missing or invalid.
    init(from reader: SettingsReader = SettingsReader(), within limits: ProcessLimits = .current) throws {
        var reader = reader
        common = CommonSettings(from: &reader)
        host = reader.host(.apiHost, default: .anyIPv4)
        port = reader.integer(.apiPort, in: 1...65_535, default: Self.defaultPort)
        metricsPort = reader.port(.apiMetricsPort, otherThan: port)
        let database = DatabaseRoles.read(from: &reader)
        migrateOnStart = reader.boolean(.migrateOnStart, default: true)
        let key = reader.secretKey(.secretKey)
        if key == nil, !reader.hasFault(.secretKey) {
            reader.fault(.secretKey, "is required; generate one with: AuthAPI generate-secrets")
        }
        let previousKey = reader.secretKey(.secretKeyPrevious)
        if let key, key == previousKey { reader.fault(.secretKeyPrevious, "must differ from SECRET_KEY") }
        providers = reader.providers()
        let hashing = HashingSettings(from: &reader, within: limits)
        argon2 = hashing.parameters
        hashingThreads = hashing.threads
        hashingMemory = hashing.memory
        hashingQueue = reader.integer(.hashingQueue, in: 1...10_000, default: 32)
        let usual = ThrottleLimits()
        throttleLimits = ThrottleLimits(
            account: reader.limit(.loginLimitAccount, default: usual.account),
            device: reader.limit(.loginLimitDevice, default: usual.device),
            network: reader.limit(.loginLimitNetwork, default: usual.network),
            registration: reader.limit(.registrationLimitNetwork, default: usual.registration)
        )
        access = ApplicationAccessSettings(from: &reader, publicURL: common.publicURL, port: port)
        registration = RegistrationSettings(from: &reader)
        auditRetention = reader.retention(.auditRetention, default: 90)
        try reader.throwIfInvalid()
        // Both exist if there was no fault.
        guard let key, let database else { throw SettingsFaults(lines: reader.faults) }
        secretKeys = SecretKeys(key, previous: previousKey)
        self.database = database
    }

    /// The address to listen on.
    var addresses: [ListenFault.Address] {
        [ListenFault.Address(host, .apiHost, port: port, .apiPort)]
            + (metricsPort.map { [ListenFault.Address(host, .apiHost, port: $0, .apiMetricsPort)] } ?? [])
    }
}

extension SettingsReader {
    /// A signing key that is long and random enough.
    fileprivate mutating func secretKey(_ name: SettingName) -> Secret? {
        guard let secret = secret(name) else { return nil }
        if let weakness = SecretStrength.weakness(of: secret) {
            fault(name, weakness)
            return nil
        }
        return secret
    }

    /// A number of attempts per number of seconds, or the default.
    fileprivate mutating func limit(_ name: SettingName, default fallback: Limit) -> Limit {
        guard let text = text(name) else { return fallback }
        guard let limit = Limit(text) else {
            fault(name, "must be attempts/seconds like 10/600: up to 100000 attempts, within up to 86400 seconds")
            return fallback
        }
        return limit
    }

    /// A retention time in days, or the default; nil means no limit.
    fileprivate mutating func retention(_ name: SettingName, default fallback: Int) -> Int? {
        let days = integer(name, in: 0...36_500, default: fallback)
        // The database refuses to remove younger events.
        if (1...6).contains(days) { fault(name, "must be 7 days or more, or 0 for no limit") }
        return days == 0 ? nil : days
    }
}
