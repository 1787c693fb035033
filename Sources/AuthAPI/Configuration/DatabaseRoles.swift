import Logging
import PostgresClient
import Shared

/// The connections to the database: as the serving role and, if it is a different one, as the owner of the schema.
struct DatabaseRoles: Sendable {
    /// The role for requests.
    var serving: PostgresConfiguration
    /// The role for migrations; nil if there is only one role, or if this program does not have the owner's password.
    let owner: PostgresConfiguration?

    /// Reads `DATABASE_URL` and `MIGRATION_DATABASE_URL`, or the `POSTGRES_*` parts.
    ///
    /// - Returns: nil when a fault was left in the reader.
    static func read(from reader: inout SettingsReader) -> DatabaseRoles? {
        let poolSize = reader.integer(.databasePoolSize, in: PostgresConfiguration.poolSizeRange, default: 4)
        let waitTimeout = reader.integer(.databasePoolTimeout, in: 1...60, default: 2)
        let connectTimeout = reader.integer(.databaseConnectTimeout, in: 2...60, default: 2)
        let pooler = reader.choice(.databasePooler, default: DatabasePooler.automatic)
        let url = reader.text(.databaseURL)
        let ownerURL = reader.text(.migrationDatabaseURL)
        let parts = Parts(from: &reader)
        let connections: [SettingName] = [
            .databaseURL, .migrationDatabaseURL, .postgresHost, .postgresPort, .postgresDatabase, .postgresUser,
            .postgresPassword, .postgresAPIUser, .postgresAPIPassword,
        ]
        guard !connections.contains(where: { reader.hasFault($0) }) else { return nil }
        guard var serving = url.map({ reader.connection(.databaseURL, url: $0) }) ?? parts.serving(&reader) else {
            return nil
        }
        serving.poolSize = poolSize
        serving.waitTimeout = .seconds(waitTimeout)
        serving.connectTimeout = .seconds(connectTimeout)
        serving.pooler = pooler
        var owner = ownerURL.map { reader.connection(.migrationDatabaseURL, url: $0) } ?? nil
        if url == nil, ownerURL == nil, parts.apiUser != nil, let password = parts.password {
            owner = reader.connection(.postgresHost, parts, user: parts.user, password: password)
        }
        owner?.connectTimeout = .seconds(connectTimeout)
        owner?.pooler = pooler
        return DatabaseRoles(serving: serving, owner: owner)
    }

    /// The migrator: as the owner, which grants the serving role its privileges, or as the only role.
    func migrator(logger: Logger) -> Migrator {
        Migrator(owner ?? serving, serving: owner == nil ? nil : serving, logger: logger)
    }
}

/// The `POSTGRES_*` settings.
private struct Parts {
    let host: String
    let port: Int
    let database: String
    let user: String
    let password: String?
    let apiUser: String?
    let apiPassword: String?

    init(from reader: inout SettingsReader) {
        host = reader.databaseHosts(.postgresHost, default: "postgres")
        port = reader.integer(.postgresPort, in: 1...65_535, default: 5432)
        database = reader.text(.postgresDatabase, default: "yoshikosan")
        if database.utf8.contains(where: { $0 == 0x2F || $0 == 0x40 }) {
            reader.fault(.postgresDatabase, "must not contain @ or /")
        }
        user = reader.text(.postgresUser, default: "yoshikosan")
        password = reader.text(.postgresPassword)
        apiUser = reader.text(.postgresAPIUser)
        apiPassword = reader.text(.postgresAPIPassword)
    }

    /// The API's connection; nil when a fault was left in the reader.
    func serving(_ reader: inout SettingsReader) -> PostgresConfiguration? {
        if apiUser != nil || apiPassword != nil {
            guard let apiUser else {
                reader.fault(.postgresAPIUser, "is required with POSTGRES_API_PASSWORD")
                return nil
            }
            guard let apiPassword else {
                reader.fault(.postgresAPIPassword, "is required with POSTGRES_API_USER")
                return nil
            }
            guard reader.isStrong(.postgresAPIPassword, apiPassword) else { return nil }
            return reader.connection(.postgresHost, self, user: apiUser, password: apiPassword)
        }
        guard let password else {
            reader.fault(.databaseURL, "is required, or POSTGRES_PASSWORD with the other POSTGRES_* settings")
            return nil
        }
        guard reader.isStrong(.postgresPassword, password) else { return nil }
        return reader.connection(.postgresHost, self, user: user, password: password)
    }
}

extension SettingsReader {
    /// The host of the database in libpq's format, or several separated by commas, which libpq tries in order; a path
    /// means the folder of a socket (libpq, "Connection Strings").
    fileprivate mutating func databaseHosts(_ name: SettingName, default fallback: String) -> String {
        guard let parts = hosts(name) else { return fallback }
        var names: [String] = []
        for text in parts {
            if text.hasPrefix("/") {
                names.append(text)
                continue
            }
            do {
                names.append(try SettingHost(text).description)
            } catch {
                fault(name, error.reason)
                return fallback
            }
        }
        return names.joined(separator: ",")
    }

    /// Whether a password is long and random enough; leaves a fault when not.
    fileprivate mutating func isStrong(_ name: SettingName, _ password: String) -> Bool {
        guard let weakness = SecretStrength.weakness(of: Secret(password)) else { return true }
        fault(name, weakness)
        return false
    }

    /// A connection by URL; nil when a fault was left.
    fileprivate mutating func connection(_ name: SettingName, url: String) -> PostgresConfiguration? {
        reported(name) { () throws(PostgresConfiguration.Faults) in try PostgresConfiguration(url: url) }
    }

    /// A connection by parts; nil when a fault was left.
    fileprivate mutating func connection(
        _ name: SettingName,
        _ parts: Parts,
        user: String,
        password: String
    ) -> PostgresConfiguration? {
        reported(name) { () throws(PostgresConfiguration.Faults) in
            try PostgresConfiguration(
                host: parts.host,
                port: String(parts.port),
                user: user,
                password: password,
                database: parts.database
            )
        }
    }

    private mutating func reported(
        _ name: SettingName,
        _ make: () throws(PostgresConfiguration.Faults) -> PostgresConfiguration
    ) -> PostgresConfiguration? {
        do {
            return try make()
        } catch {
            for line in error.lines { fault(name, line) }
            return nil
        }
    }
}
