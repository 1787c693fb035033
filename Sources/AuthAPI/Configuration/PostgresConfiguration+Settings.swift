import Shared

extension PostgresConfiguration {
    /// Reads where the database is: `DATABASE_URL`, or the `POSTGRES_*` parts.
    ///
    /// - Returns: nil when a fault was left in the reader.
    static func read(from reader: inout SettingsReader) -> PostgresConfiguration? {
        var configuration = connection(from: &reader)
        let poolSize = reader.integer(.databasePoolSize, in: poolSizeRange, default: 4)
        let waitTimeout = reader.integer(.databasePoolTimeout, in: 1...60, default: 2)
        let connectTimeout = reader.integer(.databaseConnectTimeout, in: 2...60, default: 2)
        configuration?.poolSize = poolSize
        configuration?.waitTimeout = .seconds(waitTimeout)
        configuration?.connectTimeout = .seconds(connectTimeout)
        return configuration
    }

    private static func connection(from reader: inout SettingsReader) -> PostgresConfiguration? {
        let url = reader.text(.databaseURL)
        let host = reader.text(.postgresHost, default: "postgres")
        let port = reader.integer(.postgresPort, in: 1...65_535, default: 5432)
        let user = reader.text(.postgresUser, default: "yoshikosan")
        let password = reader.text(.postgresPassword)
        let database = reader.text(.postgresDatabase, default: "yoshikosan")
        guard !reader.hasFault(.databaseURL), !reader.hasFault(.postgresPassword) else { return nil }
        guard url != nil || password != nil else {
            reader.fault(.databaseURL, "is required, or POSTGRES_PASSWORD with the other POSTGRES_* settings")
            return nil
        }
        if url == nil, let password, let weakness = SecretStrength.weakness(of: Secret(password)) {
            reader.fault(.postgresPassword, weakness)
            return nil
        }
        do {
            if let url { return try PostgresConfiguration(url: url) }
            return try PostgresConfiguration(
                host: host,
                port: String(port),
                user: user,
                password: password,
                database: database
            )
        } catch {
            for fault in error.faults { reader.fault(url == nil ? .postgresHost : .databaseURL, fault) }
            return nil
        }
    }
}
