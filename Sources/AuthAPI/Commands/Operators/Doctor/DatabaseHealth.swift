import FoundationEssentials
import Logging
import PostgresClient
import Shared

/// Checks the database as the serving role and, if its settings are known, as the owner.
struct DatabaseHealth: Sendable {
    let roles: DatabaseRoles
    let publicURL: WebOrigin
    /// Whether the server migrates the schema itself.
    var migratesOnStart = false
    let logger: Logger
    let timeout: Duration

    func findings() async -> [Finding] {
        let configuration = forDoctor(roles.serving)
        do throws(PostgresError) {
            try PostgresReach.connect(configuration)
        } catch {
            return [Self.rejection(error, roles.serving)]
        }
        let findings = await withPool(configuration) { try await inspect($0) }
        return findings + (await ownerFindings(besides: findings))
    }

    /// Findings that only the migrating role can make; empty if that is the serving role.
    private func ownerFindings(besides known: [Finding]) async -> [Finding] {
        guard let owner = roles.owner else { return [] }
        let configuration = forDoctor(owner)
        do throws(PostgresError) {
            try PostgresReach.connect(configuration)
        } catch {
            return [Self.rejection(error, owner)]
        }
        let findings = await withPool(configuration) { pool in
            try await pool.withConnection { try DatabaseInspection.faults(on: PostgresReader($0), for: .migrating) }
                .map(\.finding)
        }
        return await sameDatabase(as: owner) + findings.filter { !known.contains($0) }
    }

    /// Checks that both roles use one database; otherwise a migration does not change the one that serves.
    private func sameDatabase(as owner: PostgresConfiguration) async -> [Finding] {
        func name(_ configuration: PostgresConfiguration) async -> String? {
            try? await PostgresPool.with(forDoctor(configuration), logger: logger) { pool in
                try await pool.withConnection { try $0.one(DescribeServer()).database }
            }
        }
        guard let serving = await name(roles.serving), let owning = await name(owner), serving != owning else {
            return []
        }
        return [
            .fix(
                "database",
                "requests use the database \(serving), and the owner uses the database \(owning)",
                "name the same database in DATABASE_URL and MIGRATION_DATABASE_URL"
            )
        ]
    }

    private func forDoctor(_ configuration: PostgresConfiguration) -> PostgresConfiguration {
        configuration.single(for: "doctor", waitingUpTo: timeout)
    }

    private func withPool(
        _ configuration: PostgresConfiguration,
        _ body: (PostgresPool) async throws -> [Finding]
    ) async -> [Finding] {
        let pool = PostgresPool(configuration, logger: logger)
        let findings: [Finding]
        do {
            findings = try await body(pool)
        } catch {
            let advice = "run doctor again; if it persists, see PostgreSQL's log"
            findings = [.fix("database", "\(configuration) stopped responding: \(String(reflecting: error))", advice)]
        }
        await pool.close()
        return findings
    }

    private static func rejection(_ error: PostgresError, _ configuration: PostgresConfiguration) -> Finding {
        let resolved = try? PostgresReach.resolve(configuration)
        let code = error.sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let advice =
            error.connectionFix(role: resolved?.user, database: resolved?.database)
            ?? "check that PostgreSQL is running, admits this machine (pg_hba.conf), and has the role, password and database"
        return .fix("database", "\(configuration) cannot be used: \(error.detail)\(code)", advice)
    }

    private func inspect(_ pool: PostgresPool) async throws -> [Finding] {
        let faults = try await faults(pool)
        // The other statements would fail for the same reason.
        if faults.contains(where: { $0.subject == DatabaseInspection.serverSubject }) { return faults.map(\.finding) }
        let started = Date.now
        let server = try await pool.withConnection { try $0.one(DescribeServer()) }
        // The server read its clock during the statement, on average in the middle.
        let here = started.addingTimeInterval(Date.now.timeIntervalSince(started) / 2)
        var findings: [Finding] = [
            .ok("database", "\(roles.serving) responds; the size of \(server.database) is \(Self.size(server.bytes))"),
            encryption(server), try await pooler(pool), connections(server),
            ProviderReach.judge(skew: server.time.timeIntervalSince(here), against: "PostgreSQL"),
        ]
        if !faults.contains(where: { $0.subject == "version" }) {
            findings.insert(.ok("version", "PostgreSQL \(server.version / 10_000).\(server.version % 10_000)"), at: 1)
        }
        if !faults.contains(where: { ["schema", "privileges"].contains($0.subject) }) {
            findings.append(try await schema(pool))
        }
        findings += faults.map(\.finding)
        if !faults.contains(where: { $0.subject == "privileges" }) { findings.append(try await privileges(pool)) }
        if !faults.contains(where: { $0.weight >= .blocking }) { findings += try await writing(pool) }
        findings += try await sessions(pool)
        findings += try await visitors(pool)
        findings += try await backups(pool)
        findings.append(
            .note("disk", "free disk space on the database host cannot be checked from here", "run there: df -h")
        )
        return findings
    }

    /// The violated requirements; if this role also migrates, including those of migrations.
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
        if newer > 0 { return .note("schema", "current; newer migrations: \(newer)") }
        return .ok("schema", "current (\(Operator.count(applied.count, "migration")))")
    }

    /// Evaluates the encryption of the connection.
    func encryption(_ server: DescribeServer.Server) -> Finding {
        if let tls = server.tls {
            if roles.serving.sslMode == "verify-full" { return .ok("encryption", "\(tls), and the server is verified") }
            return .note("encryption", "\(tls), but the server is not verified", "add sslmode=verify-full")
        }
        guard let address = server.address else { return .ok("encryption", "not needed for a local socket") }
        if server.isAddressPrivate {
            return .note("encryption", "none to \(address), which is on a private network")
        }
        return .fix(
            "encryption",
            "none to \(address): password hashes and sessions can be read on the way",
            "add sslmode=verify-full to DATABASE_URL"
        )
    }

    /// Reports the pooler in front of the server, and whether DATABASE_POOLER fits it.
    private func pooler(_ pool: PostgresPool) async throws -> Finding {
        let (exists, isShared) = try await pool.withConnection { db in
            (try db.one(FindProcess()) != db.announcedProcess, db.isShared)
        }
        let setting = "DATABASE_POOLER=\(roles.serving.pooler.rawValue)"
        switch (exists, isShared) {
        case (false, false): return .ok("pooler", "no pooler in front of PostgreSQL (\(setting))")
        case (true, true):
            return .ok("pooler", "a pooler in front of PostgreSQL; its connections are treated as shared (\(setting))")
        case (true, false):
            return .note(
                "pooler",
                "a pooler in front of PostgreSQL; \(setting) requires that its pool_mode is session",
                "set DATABASE_POOLER=transaction unless it is"
            )
        case (false, true):
            return .note(
                "pooler",
                "no pooler in front of PostgreSQL, but \(setting) turns prepared statements off",
                "remove DATABASE_POOLER, so that a pooler is detected"
            )
        }
    }

    /// Evaluates whether the server has connections for another API process.
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

    private func privileges(_ pool: PostgresPool) async throws -> Finding {
        let privileges = try await pool.withConnection { try $0.one(DescribePrivileges()) }
        guard !privileges.tooWide.isEmpty else {
            return .ok("privileges", "\(privileges.role) has exactly the required privileges")
        }
        return .fix(
            "privileges",
            "\(privileges.role) has more privileges than required: \(privileges.tooWide)",
            "use a separate serving role: set MIGRATION_DATABASE_URL to the owner and DATABASE_URL to the role; AuthAPI "
                + "migrate up creates it"
        )
    }

    /// The transaction of a test is rolled back.
    private struct Done: Error {}

    /// Checks whether the server stores new rows, which a full disk prevents while reading works.
    private func writing(_ pool: PostgresPool) async throws -> [Finding] {
        do {
            try await pool.transaction { db in
                try db.run(TestWriting())
                throw Done()
            }
        } catch let error as PostgresError where error.kind == .rejected && !error.isRetryable {
            let advice = "free disk space on the database host if it is full, or see PostgreSQL's log"
            return [.fix("writing", "\(error.detail) (SQLSTATE \(error.sqlState ?? ""))", advice)]
        } catch is Done {}
        return []
    }

    /// Checks the number of sessions per user: many indicate a client that signs in repeatedly, or an attacker.
    private func sessions(_ pool: PostgresPool) async throws -> [Finding] {
        do {
            let most = try await pool.withConnection { try $0.one(DescribeSessions()) }
            let message = "no user has more than \(most) live sessions"
            guard most > 1000 else { return [.ok("sessions", message)] }
            return [.fix("sessions", message, "see whose they are: AuthAPI session list")]
        } catch let error as PostgresError where error.isUnusableDatabase {
            return []
        }
    }

    /// Checks whether all sessions come from one address, which indicates a proxy that hides client addresses.
    private func visitors(_ pool: PostgresPool) async throws -> [Finding] {
        let seen: DescribeVisitors.Visitors
        do {
            seen = try await pool.withConnection { try $0.one(DescribeVisitors()) }
        } catch let error as PostgresError where error.isUnusableDatabase {
            return []
        }
        let advice = "if that is a proxy, add it to TRUSTED_PROXIES of nginx; otherwise all users share one rate limit"
        guard let address = seen.onlyAddress else {
            return [.ok("visitors", "\(seen.sessions) sessions of this week came from \(seen.addresses) addresses")]
        }
        if seen.users >= 5 {
            return [.fix("visitors", "all \(seen.users) users of this week appear to come from \(address)", advice)]
        }
        if publicURL.isSecure, !publicURL.isLoopback, seen.isOnlyAddressPrivate {
            return [.fix("visitors", "everyone who signed in this week appears to come from \(address)", advice)]
        }
        return [.ok("visitors", "too few sign-ins this week to detect a proxy that hides client addresses")]
    }

    private func backups(_ pool: PostgresPool) async throws -> [Finding] {
        do {
            let found = try await pool.withConnection { try $0.one(FindBackupStatus()) }
            return [found.status.finding(now: found.now)]
        } catch let error as PostgresError where error.isUnusableDatabase {
            return []
        }
    }

    private static func size(_ bytes: Int64) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }
}
