/// How to reach PostgreSQL, and the limits of the pool.
///
/// Contains the password; its description and a dump of it show hosts and database only.
package struct PostgresConfiguration: Sendable {
    /// The faults of the settings, as sentences without values.
    package struct Faults: Error {
        /// One sentence for each fault.
        package let lines: [String]
    }

    /// The allowed sizes of a pool.
    package static let poolSizeRange = 1...100

    /// The number of worker threads, each with one connection.
    package var poolSize = 4
    /// The number of jobs that may wait for a worker; more are rejected at once.
    package var queueLimit = 256
    /// How long a job may wait for a worker; nil means no limit.
    package var waitTimeout: Duration? = .seconds(2)
    /// How long a job may take, counted from its submission; nil means no limit.
    package var jobTimeout: Duration? = DatabaseBudget.limit
    /// The timeout for connecting to one address of a host.
    package var connectTimeout: Duration = .seconds(2)
    /// When the server cancels a statement; nil means no limit.
    package var statementTimeout: Duration? = .milliseconds(2500)
    /// When the server stops waiting for a lock; nil means no limit.
    package var lockTimeout: Duration? = .milliseconds(2000)
    /// When the server ends a connection that is idle in a transaction; nil means no limit.
    package var idleInTransactionTimeout: Duration? = .seconds(5)
    /// The first and the longest pause between two connection attempts.
    package var backoff: ClosedRange<Duration> = .milliseconds(50)...Duration.seconds(1)
    /// Whether waiting jobs fail at once when the server refuses the connection (wrong password, unknown database);
    /// otherwise they wait, because the server may still be being set up.
    package var endsWhenRefused = false
    /// How long submitted jobs may continue when the pool closes.
    package var drainTimeout: Duration = .seconds(3)
    /// The pooler between this program and the server.
    package var pooler = DatabasePooler.automatic
    /// The name of the connections in the server's views, unless the connection string sets one.
    package var applicationName = "yoshikosan"

    /// The parameters of the connection string, by libpq's keywords.
    private let given: [ConnectionString.Parameter]

    /// Parses a connection string: a URL or `keyword=value` pairs, with one or more hosts.
    ///
    /// - Throws: ``Faults`` with every fault found; no sentence repeats a part of the string.
    package init(url: String) throws(Faults) {
        given = try ConnectionString.parse(url)
    }

    /// Creates a configuration from parts, such as `POSTGRES_HOST` and `POSTGRES_PORT`.
    package init(host: String, port: String = "5432", user: String, password: String?, database: String) throws(Faults)
    {
        var parameters: [ConnectionString.Parameter] = [
            (keyword: "host", value: host), (keyword: "port", value: port), (keyword: "user", value: user),
            (keyword: "dbname", value: database),
        ]
        if let password { parameters.append((keyword: "password", value: password)) }
        let faults = ConnectionString.faults(in: parameters)
        guard faults.isEmpty else { throw Faults(lines: faults) }
        given = parameters
    }

    /// The configuration for one purpose outside the server: one connection with its own application name.
    package func single(for purpose: String, waitingUpTo wait: Duration?) -> PostgresConfiguration {
        var copy = self
        copy.poolSize = 1
        copy.waitTimeout = wait
        copy.applicationName += "-\(purpose)"
        return copy
    }

    /// The configuration for the migrator: one connection without time limits, except on waiting for the server.
    package func forMigrations(waitingUpTo wait: Duration?) -> PostgresConfiguration {
        var copy = single(for: "migrate", waitingUpTo: wait)
        copy.jobTimeout = nil
        copy.statementTimeout = nil
        copy.lockTimeout = nil
        copy.idleInTransactionTimeout = nil
        copy.endsWhenRefused = true
        return copy
    }

    /// The keywords and values for `PQconnectdbParams`; later ones win.
    package var connectionParameters: [(keyword: String, value: String)] {
        let defaults: [ConnectionString.Parameter] = [
            (keyword: "fallback_application_name", value: applicationName),
            (keyword: "keepalives", value: "1"),
            (keyword: "keepalives_idle", value: "10"),
            (keyword: "keepalives_interval", value: "3"),
            (keyword: "keepalives_count", value: "3"),
            (keyword: "tcp_user_timeout", value: jobTimeout.map { String($0.milliseconds) } ?? "10000"),
        ]
        return defaults + given + [(keyword: "client_encoding", value: "UTF8")]
    }

    /// The timeout for connecting to one address: from the connection string, otherwise `connectTimeout`; nil means no
    /// limit.
    package var connectLimit: Duration? {
        // As in libpq: at least two seconds; zero or less means no limit.
        guard let seconds = value(of: "connect_timeout").flatMap({ Int($0) }) else { return connectTimeout }
        return seconds > 0 ? .seconds(max(2, seconds)) : nil
    }

    /// The value of one of libpq's keywords in the connection string; nil when libpq's default applies.
    package func value(of keyword: String) -> String? {
        given.last { $0.keyword == keyword }?.value
    }

    /// The role; nil when libpq's default applies.
    package var user: String? { value(of: "user") }

    /// How the server is verified; nil when libpq's default applies.
    package var sslMode: String? { value(of: "sslmode") }

    /// The host, or hosts separated by commas; nil when libpq's default applies.
    package var host: String? { value(of: "host") }

    /// The password.
    package var password: String? { value(of: "password") }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Hosts, ports and database.
    package var description: String {
        let parts = ["host", "hostaddr", "port", "dbname", "sslmode", "target_session_attrs"].compactMap { keyword in
            given.last { $0.keyword == keyword }.map { "\(keyword)=\($0.value)" }
        }
        return "PostgreSQL(\(parts.joined(separator: " ")))"
    }

    /// The same as `description`.
    package var debugDescription: String { description }

    /// Nothing: `dump` would show the password.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
