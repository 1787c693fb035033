/// How to reach PostgreSQL, and the limits of the pool.
///
/// Holds the password; neither its description nor a dump of it shows more than hosts and database.
struct PostgresConfiguration: Sendable {
    /// What is wrong with the settings, in plain sentences that show no value.
    struct Invalid: Error {
        /// One sentence for each fault.
        let faults: [String]
    }

    /// The sizes that a pool may have.
    static let poolSizeRange = 1...100

    /// The number of worker threads, each with one connection.
    var poolSize = 4
    /// The number of jobs that may wait for a worker; further ones are refused at once.
    var queueLimit = 256
    /// How long a job may wait for a worker; nil waits for ever.
    var waitTimeout: Duration? = .seconds(2)
    /// How long a job may take, counted from when it was handed in; nil has no limit.
    var jobTimeout: Duration? = .milliseconds(2700)
    /// How long to try one host; libpq counts in seconds and takes at least 2.
    var connectTimeout: Duration = .seconds(2)
    /// When the server gives up a statement; nil leaves it to run.
    var statementTimeout: Duration? = .milliseconds(2500)
    /// When the server gives up waiting for a lock; nil waits for ever.
    var lockTimeout: Duration? = .milliseconds(2000)
    /// When the server ends a connection that sits in a transaction; nil leaves it.
    var idleInTransactionTimeout: Duration? = .seconds(5)
    /// The first and the longest pause between two attempts to connect.
    var backoff: ClosedRange<Duration> = .milliseconds(50)...Duration.seconds(1)
    /// What the server's own views call the connections, unless the connection string says.
    var applicationName = "yoshikosan"
    /// Further server settings for each connection.
    var serverSettings: [(name: String, value: String)] = []

    /// What the connection string says, as libpq's keywords.
    private let given: [ConnectionString.Parameter]

    /// Reads a connection string: a URL or `keyword=value` pairs, with several hosts if wanted.
    ///
    /// Throws `Invalid` with every fault found; none of the sentences repeats a part of the string.
    init(url: String) throws(Invalid) {
        given = try ConnectionString.parse(url)
    }

    /// Takes the parts one by one, as `POSTGRES_HOST`, `POSTGRES_PORT` and so on give them.
    init(host: String, port: String = "5432", user: String, password: String?, database: String) throws(Invalid) {
        var parameters: [ConnectionString.Parameter] = [
            (keyword: "host", value: host), (keyword: "port", value: port), (keyword: "user", value: user),
            (keyword: "dbname", value: database),
        ]
        if let password { parameters.append((keyword: "password", value: password)) }
        let faults = ConnectionString.faults(in: parameters)
        guard faults.isEmpty else { throw Invalid(faults: faults) }
        given = parameters
    }

    /// The same server for the migrator: one connection without time limits, except for waiting until it is there.
    func forMigrations(waitingUpTo wait: Duration?) -> PostgresConfiguration {
        var copy = self
        copy.poolSize = 1
        copy.waitTimeout = wait
        copy.jobTimeout = nil
        copy.statementTimeout = nil
        copy.lockTimeout = nil
        copy.idleInTransactionTimeout = nil
        copy.applicationName += "-migrate"
        // Without it the server would carry a migration on, lock and all, after its client died.
        copy.serverSettings.append((name: "client_connection_check_interval", value: "1000"))
        return copy
    }

    /// The keywords and values for `PQconnectdbParams`; later ones win.
    var connectionParameters: [(keyword: String, value: String)] {
        let defaults: [ConnectionString.Parameter] = [
            (keyword: "fallback_application_name", value: applicationName),
            (keyword: "connect_timeout", value: String(max(2, connectTimeout.components.seconds))),
            (keyword: "keepalives", value: "1"),
            (keyword: "keepalives_idle", value: "10"),
            (keyword: "keepalives_interval", value: "3"),
            (keyword: "keepalives_count", value: "3"),
            (keyword: "tcp_user_timeout", value: jobTimeout.map { String($0.milliseconds) } ?? "10000"),
        ]
        let ownOptions = given.first { $0.keyword == "options" }?.value ?? ""
        return defaults + given.filter { $0.keyword != "options" } + [
            (keyword: "client_encoding", value: "UTF8"),
            (keyword: "options", value: ownOptions.isEmpty ? serverOptions : serverOptions + " " + ownOptions),
        ]
    }

    /// The role; nil when the connection string leaves it to libpq.
    var user: String? {
        given.last { $0.keyword == "user" }?.value
    }

    /// How the server is verified; nil when the connection string leaves it to libpq.
    var sslMode: String? {
        given.last { $0.keyword == "sslmode" }?.value
    }

    /// The host, or hosts with commas between; nil when the connection string leaves it to libpq.
    var host: String? {
        given.last { $0.keyword == "host" }?.value
    }

    /// The password, so that nobody repeats it by accident.
    var password: String? {
        given.last { $0.keyword == "password" }?.value
    }

    /// Server settings as command-line switches.
    private var serverOptions: String {
        let limits: [(name: String, value: String)] = [
            (name: "statement_timeout", value: String(statementTimeout?.milliseconds ?? 0)),
            (name: "lock_timeout", value: String(lockTimeout?.milliseconds ?? 0)),
            (
                name: "idle_in_transaction_session_timeout",
                value: String(idleInTransactionTimeout?.milliseconds ?? 0)
            ),
            (name: "TimeZone", value: "UTC"),
        ]
        return (limits + serverSettings).map { "-c \($0.name)=\($0.value)" }.joined(separator: " ")
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Hosts, ports and database.
    var description: String {
        let parts = ["host", "hostaddr", "port", "dbname", "sslmode", "target_session_attrs"].compactMap { keyword in
            given.last { $0.keyword == keyword }.map { "\(keyword)=\($0.value)" }
        }
        return "PostgreSQL(\(parts.joined(separator: " ")))"
    }

    /// The same as `description`.
    var debugDescription: String { description }

    /// Nothing: `dump` would show the password.
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
