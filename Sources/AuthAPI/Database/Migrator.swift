import Logging
import PostgresClient

/// Applies and reverts migrations, each in one transaction with its record in the ``MigrationHistory``.
///
/// An advisory lock of that transaction prevents several replicas from applying the same one; it ends with the
/// connection, so a process that dies leaves neither a lock nor a partial change. Uses a separate connection without
/// statement timeouts. It waits only briefly for a lock, because later statements queue behind it, and retries. Every
/// method throws `MigrationError`, or `PostgresError` when the database cannot be reached.
struct Migrator: Sendable {
    /// How long one attempt waits for a lock: shorter than the timeout of requests, so that none fails behind it.
    static let lockTimeout = Duration.seconds(1)

    /// The connection of the owner of the tables.
    let configuration: PostgresConfiguration
    private let migrations: [Migration]
    private let serving: PostgresConfiguration?
    private let logger: Logger
    private let lockRetryLimit: Duration

    /// Creates a migrator.
    ///
    /// - Parameters:
    ///   - configuration: how to connect as the owner of the tables.
    ///   - migrations: the migrations.
    ///   - serving: the connection of the role that gets privileges on the tables; nil if there is only one role.
    ///   - wait: how long to wait for the server; nil means no limit.
    ///   - lockRetryLimit: how long to retry while other sessions hold locks.
    ///   - logger: logs applied migrations and waits.
    init(
        _ configuration: PostgresConfiguration,
        migrations: [Migration] = Migrations.all,
        serving: PostgresConfiguration? = nil,
        waitingUpTo wait: Duration? = .seconds(30),
        lockRetryLimit: Duration = .seconds(300),
        logger: Logger
    ) {
        var copy = configuration.forMigrations(waitingUpTo: wait)
        copy.lockTimeout = Self.lockTimeout
        self.configuration = copy
        self.migrations = migrations
        self.serving = serving
        self.logger = logger
        self.lockRetryLimit = lockRetryLimit
    }

    /// The host, or hosts separated by commas, from the settings.
    var host: String? { configuration.host }

    /// Applies pending migrations in order, and returns them.
    @discardableResult
    func up() async throws -> [Migration] {
        try await withPool { pool in
            let given = try await servingRole()
            let faults = try await pool.withConnection {
                try DatabaseInspection.faults(on: PostgresReader($0), for: .migrating, migrations: migrations)
            }.filter { $0.weight >= .blocking }
            guard faults.isEmpty else { throw MigrationError.unfit(faults) }
            let role: ServingRole?
            if let given { role = try await pool.withConnection { try given.ensured(on: $0) } } else { role = nil }
            var applied: [Migration] = []
            while let migration = try await withLockRetry(pool, { try applyNext($0, role) }) {
                logger.info("migration applied", metadata: ["file": "\(migration.file)"])
                applied.append(migration)
            }
            return applied
        }
    }

    /// Makes the other databases of a dedicated server accessible to their owners only.
    func shutOtherDatabases() async throws {
        // Two concurrent migrators would change the same rows of the catalog, which PostgreSQL rejects.
        try await withPool { pool in
            try await withLockRetry(pool) { _ = try $0.run(ShutOtherDatabases()) }
        }
    }

    /// The migration that ``down(expecting:)`` reverts; throws `MigrationError.nothingToRollBack` when there is none.
    func newest() async throws -> Migration {
        try await withPool { pool in try await pool.withConnection { try newest(on: $0) } }
    }

    /// Reverts the newest applied migration.
    ///
    /// - Parameter expected: the version that it must have.
    /// - Returns: the migration.
    /// - Throws: `MigrationError`; `changedMeanwhile` if it has another version.
    @discardableResult
    func down(expecting expected: Int32? = nil) async throws -> Migration {
        try await withPool { pool in
            let migration = try await withLockRetry(pool) { try rollBackLast($0, expecting: expected) }
            logger.info("migration rolled back", metadata: ["file": "\(migration.downFile)"])
            return migration
        }
    }

    /// Every migration of this release or the database, by number.
    func status() async throws -> [MigrationStatus] {
        try await withPool { pool in
            let records = try await pool.withConnection { try history($0) }
            let known = Dictionary(uniqueKeysWithValues: migrations.map { ($0.version, $0) })
            let present = records.map { record in
                let state: MigrationStatus.State =
                    known[record.version].map { $0.checksum == record.checksum ? .applied : .edited } ?? .unknown
                return MigrationStatus(
                    version: record.version,
                    name: record.name,
                    state: state,
                    appliedAt: record.appliedAt
                )
            }
            let applied = Set(records.map(\.version))
            let pending = migrations.filter { !applied.contains($0.version) }.map { migration in
                MigrationStatus(version: migration.version, name: migration.name, state: .pending, appliedAt: nil)
            }
            return (present + pending).sorted { $0.version < $1.version }
        }
    }

    /// Applies the first pending migration; nil when there is none.
    ///
    /// The last one also grants the serving role its privileges, in the same transaction, so that there is never a
    /// table that it cannot use.
    private func applyNext(_ db: PostgresConnection, _ role: ServingRole?) throws -> Migration? {
        let records = try history(db)
        for record in records {
            guard let migration = migrations.first(where: { $0.version == record.version }) else { continue }
            guard migration.checksum == record.checksum else {
                throw MigrationError.edited(version: migration.version, file: migration.file)
            }
        }
        let applied = Set(records.map(\.version))
        let pending = migrations.filter { !applied.contains($0.version) }
        // This release would revoke privileges of a newer one.
        let isNewer = !applied.isSubset(of: migrations.map(\.version))
        guard let migration = pending.first else {
            if !isNewer { try role?.grant(on: db) }
            return nil
        }
        // Only if necessary, so that a server whose role may not create tables starts with a current schema.
        let history = try MigrationHistory.find(db) ?? MigrationHistory.create(db)
        try run(migration.up, file: migration.file, db)
        try history.insert(migration, db)
        if pending.count == 1, !isNewer { try role?.grant(on: db) }
        return migration
    }

    /// Reverts the newest applied migration.
    private func rollBackLast(_ db: PostgresConnection, expecting expected: Int32?) throws -> Migration {
        let migration = try newest(on: db)
        guard expected == nil || expected == migration.version else { throw MigrationError.changedMeanwhile }
        try run(migration.down, file: migration.downFile, db)
        try MigrationHistory.find(db)?.delete(migration.version, db)
        return migration
    }

    /// The newest applied migration, if this release has it.
    private func newest(on db: PostgresConnection) throws -> Migration {
        guard let record = try history(db).last else { throw MigrationError.nothingToRollBack }
        guard let migration = migrations.first(where: { $0.version == record.version }) else {
            throw MigrationError.unknown(version: record.version, name: record.name)
        }
        guard migration.checksum == record.checksum else {
            throw MigrationError.edited(version: migration.version, file: migration.file)
        }
        return migration
    }

    /// Runs a file's SQL; an error names file and line.
    private func run(_ script: [UInt8], file: String, _ db: PostgresConnection) throws {
        do {
            try db.run(script: script, name: file)
        } catch {
            guard let sqlState = error.sqlState, !error.isConnectionLost, !Self.isLockConflict(sqlState) else {
                throw error
            }
            // PostgreSQL counts characters, from 1.
            let line = error.position.map { position in
                String(decoding: script, as: UTF8.self).unicodeScalars.prefix(position - 1).count { $0 == "\n" } + 1
            }
            throw MigrationError.failed(file: file, line: line, sqlState: sqlState, message: error.detail)
        }
    }

    /// The applied migrations by number; empty for a new database.
    private func history(_ db: PostgresConnection) throws -> [MigrationRecord] {
        do {
            return try MigrationHistory.find(db)?.records(db) ?? []
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw MigrationError.notOwner(role: nil)
        }
    }

    /// The role that gets privileges, unless it is the owner itself.
    ///
    /// Both names may come from libpq's defaults: a service file, `PGUSER` or the operating system's user name.
    private func servingRole() async throws -> ServingRole? {
        guard let serving else { return nil }
        let owner = configuration
        return try await PostgresReach.onThread {
            let role = try ServingRole(serving)
            return try PostgresReach.resolve(owner).user == role.name ? nil : role
        }
    }

    /// Runs `body` with a pool of one connection that closes at the end of the call.
    private func withPool<Value: Sendable>(_ body: (PostgresPool) async throws -> Value) async throws -> Value {
        try await PostgresReach.wait(for: configuration, logger: logger)
        return try await PostgresPool.with(configuration, logger: logger, body)
    }
}

// Locks.
extension Migrator {
    /// Another migrator is running.
    private struct Busy: Error {}

    private static func isLockConflict(_ sqlState: String?) -> Bool { sqlState == "55P03" || sqlState == "40P01" }

    /// Runs `body` in a transaction with the migrators' lock; retries with growing pauses while other sessions hold
    /// locks.
    private func withLockRetry<Value: Sendable>(
        _ pool: PostgresPool,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Value
    ) async throws -> Value {
        let watch = LockWatch(configuration, logger: logger)
        let end = ContinuousClock.now + lockRetryLimit
        var pause = Duration.milliseconds(200)
        var hasLoggedWait = false
        while true {
            do {
                return try await watch.during {
                    try await pool.transaction { db in
                        guard try db.one(TryLockMigrations()) else { throw Busy() }
                        watch.watch(try db.one(FindProcess()))
                        return try body(db)
                    }
                }
            } catch is Busy {
                if !hasLoggedWait { logger.notice("waiting for another migration") }
                hasLoggedWait = true
            } catch let error as PostgresError where Self.isLockConflict(error.sqlState) {
                guard ContinuousClock.now < end else { throw MigrationError.locked(holders: watch.holders) }
                let holders = watch.holders.map(\.description).joined(separator: "; ")
                logger.warning(
                    "migration waiting for a lock",
                    metadata: ["reason": "\(error.detail)", "held_by": "\(holders.isEmpty ? "unknown" : holders)"]
                )
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(2))
        }
    }
}
