import FoundationEssentials
import Logging
import PostgresClient
import Shared

/// Checks the database as the role that serves sees it and, where its settings are known, as the owner does.
struct DatabaseHealth: Sendable {
    let roles: DatabaseRoles
    let publicURL: WebOrigin
    /// Whether the server is to bring the schema up to date itself.
    var migratesOnStart = false
    let logger: Logger
    let patience: Duration

    func findings() async -> [Finding] {
        let configuration = forDoctor(roles.serving)
        do throws(PostgresError) {
            try PostgresReach.connect(configuration)
        } catch {
            return [Self.refusal(error, roles.serving)]
        }
        let findings = await asking(configuration) { try await look($0) }
        return findings + (await ownerFindings(besides: findings))
    }

    /// What only the role that migrates can tell; nothing where that is the serving role.
    private func ownerFindings(besides known: [Finding]) async -> [Finding] {
        guard let owner = roles.owner else { return [] }
        let configuration = forDoctor(owner)
        do throws(PostgresError) {
            try PostgresReach.connect(configuration)
        } catch {
            return [Self.refusal(error, owner)]
        }
        let findings = await asking(configuration) { pool in
            try await pool.withConnection { try DatabaseInspection.faults(on: PostgresReader($0), for: .migrating) }
                .map(\.finding)
        }
        return findings.filter { !known.contains($0) }
    }

    private func forDoctor(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        var configuration = configuration
        configuration.poolSize = 1
        configuration.waitTimeout = patience
        configuration.applicationName += "-doctor"
        return configuration
    }

    private func asking(
        _ configuration: PostgresConfiguration,
        _ body: (PostgresPool) async throws -> [Finding]
    ) async -> [Finding] {
        let pool = PostgresPool(configuration, logger: logger)
        let findings: [Finding]
        do {
            findings = try await body(pool)
        } catch {
            let advice = "ask again; if it stays, look into PostgreSQL's own log"
            findings = [.fix("database", "\(configuration) stopped answering: \(String(reflecting: error))", advice)]
        }
        await pool.close()
        return findings
    }

    private static func refusal(_ error: PostgresError, _ configuration: PostgresConfiguration) -> Finding {
        let resolved = try? PostgresReach.resolve(configuration)
        let code = error.sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let advice =
            error.connectionFix(role: resolved?.user, database: resolved?.database)
            ?? "see that PostgreSQL runs there, lets this machine in (pg_hba.conf) and knows role, password and database"
        return .fix("database", "\(configuration) cannot be used: \(error.detail)\(code)", advice)
    }

    private func look(_ pool: PostgresPool) async throws -> [Finding] {
        let started = Date.now
        let server = try await pool.withConnection { try $0.one(DescribeServer()) }
        // The server read its clock somewhere between the two.
        let here = started.addingTimeInterval(Date.now.timeIntervalSince(started) / 2)
        let faults = try await faults(pool)
        var findings: [Finding] = [
            .ok("database", "\(roles.serving) answers; \(server.database) has \(Self.size(server.bytes))"),
            encryption(server), connections(server),
            ProviderReach.judge(skew: server.time.timeIntervalSince(here), against: "PostgreSQL"),
        ]
        if !faults.contains(where: { $0.subject == "version" }) {
            findings.insert(.ok("version", "PostgreSQL \(server.version / 10_000).\(server.version % 10_000)"), at: 1)
        }
        if !faults.contains(where: { ["schema", "rights"].contains($0.subject) }) {
            findings.append(try await schema(pool))
        }
        findings += faults.map(\.finding)
        if !faults.contains(where: { $0.subject == "rights" }) { findings.append(try await rights(pool)) }
        findings += try await sessions(pool)
        findings += try await visitors(pool)
        findings.append(
            .note("disk", "what is free on PostgreSQL's disk is not to be seen from here", "on its machine: df -h")
        )
        return findings
    }

    /// What the list of requirements finds; where this role migrates, too, what migrating takes besides.
    private func faults(_ pool: PostgresPool) async throws -> [DatabaseFault] {
        let migrates = migratesOnStart && roles.owner == nil
        return try await pool.withConnection { db in
            let serving = try DatabaseInspection.faults(on: PostgresReader(db), for: .serving)
            guard migrates else { return serving }
            let migrating = try DatabaseInspection.faults(on: PostgresReader(db), for: .migrating)
            return serving + migrating.filter { !serving.contains($0) && $0.weight >= .blocking }
        }
    }

    private func schema(_ pool: PostgresPool) async throws -> Finding {
        let known = Set(Migrations.all.map(\.version))
        let applied = try await pool.withConnection {
            Set(try MigrationHistory.find($0)?.versions(PostgresReader($0)) ?? [])
        }
        let newer = applied.subtracting(known).count
        if newer > 0 { return .note("schema", "current, and \(newer) of a newer release") }
        return .ok("schema", "current (\(applied.count) migrations)")
    }

    /// Judges how what is said to the server is protected.
    func encryption(_ server: DescribeServer.Server) -> Finding {
        if let tls = server.tls {
            if roles.serving.sslMode == "verify-full" { return .ok("encryption", "\(tls), and the server is verified") }
            return .note("encryption", "\(tls), but nobody checks who the server is", "add sslmode=verify-full")
        }
        guard let address = server.address else { return .ok("encryption", "a socket of this machine needs none") }
        if server.isAddressPrivate {
            return .note("encryption", "none on the way to \(address), which is on a private network")
        }
        return .fix(
            "encryption",
            "none on the way to \(address): passwords' hashes and sessions can be read there",
            "add sslmode=verify-full to DATABASE_URL"
        )
    }

    /// Judges whether the server has room for another API process.
    func connections(_ server: DescribeServer.Server) -> Finding {
        let wanted = Int64(roles.serving.poolSize)
        guard server.connections + wanted < server.maxConnections else {
            return .fix(
                "connections",
                "\(server.connections) of \(server.maxConnections) are in use",
                "raise max_connections, or lower DATABASE_POOL_SIZE (now \(wanted) for each API process)"
            )
        }
        return .ok("connections", "\(server.connections) of \(server.maxConnections) are in use")
    }

    private func rights(_ pool: PostgresPool) async throws -> Finding {
        let rights = try await pool.withConnection { try $0.one(DescribeRights()) }
        guard !rights.tooWide.isEmpty else {
            return .ok("rights", "\(rights.role) may do what serving takes, no more")
        }
        return .fix(
            "rights",
            "\(rights.role) may do more than serving takes: \(rights.tooWide)",
            "serve as a role of its own: MIGRATION_DATABASE_URL names the owner, DATABASE_URL the other; AuthAPI "
                + "migrate up makes it"
        )
    }

    /// How many sessions one user has: many are a client that signs in again and again, or somebody else's.
    private func sessions(_ pool: PostgresPool) async throws -> [Finding] {
        do {
            let most = try await pool.withConnection { try $0.one(DescribeSessions()) }
            let message = "no user has more than \(most) live sessions"
            guard most > 1000 else { return [.ok("sessions", message)] }
            return [.fix("sessions", message, "look at who has them: AuthAPI session list")]
        } catch let error as PostgresError where ["42P01", "42501"].contains(error.sqlState ?? "") {
            return []
        }
    }

    /// What the sessions tell about the address that requests seem to come from.
    private func visitors(_ pool: PostgresPool) async throws -> [Finding] {
        let seen: DescribeVisitors.Visitors
        do {
            seen = try await pool.withConnection { try $0.one(DescribeVisitors()) }
        } catch let error as PostgresError where ["42P01", "42501"].contains(error.sqlState ?? "") {
            return []
        }
        let advice = "name the proxy in nginx's TRUSTED_PROXIES, if it is one; else all share one limit on sign-ins"
        guard let address = seen.onlyAddress else {
            return [.ok("visitors", "\(seen.sessions) sessions of a week came from \(seen.addresses) addresses")]
        }
        if seen.users >= 5 {
            return [.fix("visitors", "\(seen.users) people of this week all seem to come from \(address)", advice)]
        }
        if publicURL.isSecure, !publicURL.isLoopback, seen.isOnlyAddressPrivate {
            return [.fix("visitors", "whoever signed in this week seems to come from \(address)", advice)]
        }
        return [.ok("visitors", "too few sign-ins this week to tell whether a proxy hides the addresses")]
    }

    private static func size(_ bytes: Int64) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
