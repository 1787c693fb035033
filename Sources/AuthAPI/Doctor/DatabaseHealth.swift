import FoundationEssentials
import Logging
import Shared

/// Checks the database as the role that serves sees it.
struct DatabaseHealth: Sendable {
    let roles: DatabaseRoles
    let publicURL: WebOrigin
    let logger: Logger
    let patience: Duration

    func findings() async -> [Finding] {
        var configuration = roles.serving
        configuration.poolSize = 1
        configuration.waitTimeout = patience
        configuration.applicationName += "-doctor"
        do throws(PostgresError) {
            _ = try PostgresLink(configuration)
        } catch {
            let advice =
                "see that PostgreSQL runs there, lets this machine in (pg_hba.conf) and knows role, password and database"
            return [.fix("database", "\(configuration) cannot be used: \(error.detail)", advice)]
        }
        let pool = PostgresPool(configuration, logger: logger)
        let findings: [Finding]
        do {
            findings = try await look(pool)
        } catch {
            let advice = "ask again; if it stays, look into PostgreSQL's own log"
            findings = [.fix("database", "\(configuration) stopped answering: \(String(reflecting: error))", advice)]
        }
        await pool.close()
        return findings
    }

    private func look(_ pool: PostgresPool) async throws -> [Finding] {
        let started = Date.now
        let server = try await pool.withConnection { try $0.one(DescribeServer()) }
        // The server read its clock somewhere between the two.
        let here = started.addingTimeInterval(Date.now.timeIntervalSince(started) / 2)
        var findings: [Finding] = [
            .ok("database", "\(roles.serving) answers; \(server.database) has \(Self.size(server.bytes))"),
            version(server), encryption(server), connections(server),
            ProviderReach.judge(skew: server.time.timeIntervalSince(here), against: "PostgreSQL"),
        ]
        findings += try await migrations(pool)
        findings += try await rights(pool)
        findings += try await visitors(pool)
        findings.append(
            .note("disk", "what is free on PostgreSQL's disk is not to be seen from here", "on its machine: df -h")
        )
        return findings
    }

    /// Judges the server's version.
    func version(_ server: DescribeServer.Server) -> Finding {
        let version = "PostgreSQL \(server.version / 10_000).\(server.version % 10_000)"
        guard server.version >= 150_000 else {
            return .fix(
                "version",
                "\(version) is older than what this is made for",
                "upgrade to PostgreSQL 15 or later"
            )
        }
        return .ok("version", version)
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

    private func migrations(_ pool: PostgresPool) async throws -> [Finding] {
        let applied: Set<Int32>
        do {
            applied = Set(try await pool.withConnection { try $0.all(SelectVersions()) })
        } catch let error as PostgresError where error.sqlState == "42P01" || error.sqlState == "42501" {
            return [.fix("schema", "there is none that this role may use", "run as the owner: AuthAPI migrate up")]
        }
        let known = Set(Migrations.all.map(\.version))
        let pending = Migrations.all.filter { !applied.contains($0.version) }
        if !pending.isEmpty {
            let names = pending.map(\.file).joined(separator: ", ")
            return [.fix("schema", "pending: \(names)", "run as the owner: AuthAPI migrate up")]
        }
        let newer = applied.subtracting(known).count
        if newer > 0 { return [.note("schema", "current, and \(newer) of a newer release")] }
        return [.ok("schema", "current (\(applied.count) migrations)")]
    }

    private func rights(_ pool: PostgresPool) async throws -> [Finding] {
        let rights = try await pool.withConnection { try $0.one(DescribeRights()) }
        if !rights.missing.isEmpty {
            let message = "\(rights.role) may not use \(rights.missing)"
            return [.fix("rights", message, "run as the owner: AuthAPI migrate up")]
        }
        guard !rights.tooWide.isEmpty else {
            return [.ok("rights", "\(rights.role) may do what serving takes, no more")]
        }
        return [
            .fix(
                "rights",
                "\(rights.role) may do more than serving takes: \(rights.tooWide)",
                "serve as a role of its own: MIGRATION_DATABASE_URL names the owner, DATABASE_URL the other; AuthAPI "
                    + "migrate up makes it"
            )
        ]
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
