/// How to reach PostgreSQL, and the limits of the pool.
///
/// Holds the password; neither its description nor a dump of it shows more than hosts and database.
package struct PostgresConfiguration: Sendable {
    /// What is wrong with the settings, in plain sentences that show no value.
    package struct Invalid: Error {
        /// One sentence for each fault.
        package let faults: [String]
    }

    /// The sizes that a pool may have.
    package static let poolSizeRange = 1...100

    /// The number of worker threads, each with one connection.
    package var poolSize = 4
    /// The number of jobs that may wait for a worker; further ones are refused at once.
    package var queueLimit = 256
    /// How long a job may wait for a worker; nil waits for ever.
    package var waitTimeout: Duration? = .seconds(2)
    /// How long a job may take, counted from when it was handed in; nil has no limit.
    package var jobTimeout: Duration? = DatabaseBudget.limit
    /// How long to try one address of a host.
    package var connectTimeout: Duration = .seconds(2)
    /// When the server gives up a statement; nil leaves it to run.
    package var statementTimeout: Duration? = .milliseconds(2500)
    /// When the server gives up waiting for a lock; nil waits for ever.
    package var lockTimeout: Duration? = .milliseconds(2000)
    /// When the server ends a connection that sits in a transaction; nil leaves it.
    package var idleInTransactionTimeout: Duration? = .seconds(5)
    /// The first and the longest pause between two attempts to connect.
    package var backoff: ClosedRange<Duration> = .milliseconds(50)...Duration.seconds(1)
    /// Whether whoever waits is told at once when the server takes no connection from us; else they wait as for a server
    /// that is away, which a server that is being set up may be.
    package var endsWhenRefused = false
    /// How long closing the pool lets what has been handed in go on.
    package var drainTimeout: Duration = .seconds(3)
    /// What stands between this program and the server.
    package var pooler = DatabasePooler.automatic
    /// What the server's own views call the connections, unless the connection string says.
    package var applicationName = "yoshikosan"

    /// What the connection string says, as libpq's keywords.
    private let given: [ConnectionString.Parameter]

    /// Reads a connection string: a URL or `keyword=value` pairs, with several hosts if wanted.
    ///
    /// Throws `Invalid` with every fault found; none of the sentences repeats a part of the string.
    package init(url: String) throws(Invalid) {
        given = try ConnectionString.parse(url)
    }

    /// Takes the parts one by one, as `POSTGRES_HOST`, `POSTGRES_PORT` and so on give them.
    package init(host: String, port: String = "5432", user: String, password: String?, database: String) throws(Invalid)
    {
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
    package func forMigrations(waitingUpTo wait: Duration?) -> PostgresConfiguration {
        var copy = self
        copy.poolSize = 1
        copy.waitTimeout = wait
        copy.jobTimeout = nil
        copy.statementTimeout = nil
        copy.lockTimeout = nil
        copy.idleInTransactionTimeout = nil
        copy.endsWhenRefused = true
        copy.applicationName += "-migrate"
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

    /// How long to try one address: what the connection string says, or else `connectTimeout`; nil tries for ever.
    package var connectLimit: Duration? {
        // As libpq has it: none below two seconds, and zero or less stands for ever.
        guard let seconds = value(of: "connect_timeout").flatMap({ Int($0) }) else { return connectTimeout }
        return seconds > 0 ? .seconds(max(2, seconds)) : nil
    }

    /// What the connection string says about one of libpq's keywords; nil when it leaves that to libpq.
    package func value(of keyword: String) -> String? {
        given.last { $0.keyword == keyword }?.value
    }

    /// The role; nil when the connection string leaves it to libpq.
    package var user: String? { value(of: "user") }

    /// How the server is verified; nil when the connection string leaves it to libpq.
    package var sslMode: String? { value(of: "sslmode") }

    /// The host, or hosts with commas between; nil when the connection string leaves it to libpq.
    package var host: String? { value(of: "host") }

    /// The password, so that nobody repeats it by accident.
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
