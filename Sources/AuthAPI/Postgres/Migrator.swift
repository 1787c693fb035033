import Logging

/// Applies and takes back migrations, each in one transaction with its record in `schema_migrations`.
///
/// An advisory lock, held by that transaction, keeps several replicas from applying the same one; it goes with the
/// connection, so a process that dies leaves neither a lock nor half a change. Works over a connection of its own without
/// time limits. Every method throws `MigrationError`, or `PostgresError` when the database cannot be reached in time.
struct Migrator: Sendable {
    private let configuration: PostgresConfiguration
    private let migrations: [Migration]
    private let servingRole: ServingRole?
    private let logger: Logger

    /// Takes the server to change, who else is to be given rights on the tables, and how long to wait until the server
    /// is there (nil: for ever).
    init(
        _ configuration: PostgresConfiguration,
        migrations: [Migration] = Migrations.all,
        servingRole: ServingRole? = nil,
        waitingUpTo wait: Duration? = .seconds(30),
        logger: Logger
    ) {
        self.configuration = configuration.forMigrations(waitingUpTo: wait)
        self.migrations = migrations
        self.servingRole = servingRole
        self.logger = logger
    }

    /// The host, or hosts with commas between, as the settings have it.
    var host: String? { configuration.host }

    /// Applies what is pending, in order, and answers with what it applied.
    @discardableResult
    func up() async throws -> [Migration] {
        try await withPool { pool in
            if let servingRole { try await pool.withConnection { try servingRole.ensure(on: $0) } }
            var applied: [Migration] = []
            while let migration = try await pool.transaction({ try applyNext($0) }) {
                logger.info("Applied a migration", metadata: ["file": "\(migration.file)"])
                applied.append(migration)
            }
            return applied
        }
    }

    /// Lets nobody but their owner into the other databases of a server that serves this site alone.
    func shutOtherDatabases() async throws {
        try await withPool { pool in
            try await pool.transaction { db in
                // Two at once would change the same rows of the catalogue, which PostgreSQL refuses.
                try db.run(LockMigrations())
                try db.run(ShutOtherDatabases())
            }
        }
    }

    /// Takes the newest applied migration back.
    @discardableResult
    func down() async throws -> Migration {
        try await withPool { pool in
            let migration = try await pool.transaction { try rollBackLast($0) }
            logger.info("Rolled a migration back", metadata: ["file": "\(migration.downFile)"])
            return migration
        }
    }

    /// Every migration that this release or the database knows, by number.
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

    /// Whether the database has every migration of this release; one short query over the serving pool.
    ///
    /// Throws `PostgresError` when the database is away.
    static func isCurrent(on pool: PostgresPool, migrations: [Migration] = Migrations.all) async throws -> Bool {
        do {
            let applied = try await pool.reading { try $0.all(SelectVersions()) }
            return Set(migrations.map(\.version)).isSubset(of: applied)
        } catch let error as PostgresError where error.sqlState == "42P01" {
            return false
        }
    }

    /// Applies the first pending migration; nil when none is.
    ///
    /// With the last one the serving role gets its rights, so that nobody sees a new table that it cannot use.
    private func applyNext(_ db: PostgresConnection) throws -> Migration? {
        try db.run(LockMigrations())
        let records = try history(db)
        for record in records {
            guard let migration = migrations.first(where: { $0.version == record.version }) else { continue }
            guard migration.checksum == record.checksum else {
                throw MigrationError.edited(version: migration.version, file: migration.file)
            }
        }
        let applied = Set(records.map(\.version))
        let pending = migrations.filter { !applied.contains($0.version) }
        // A newer release knows tables and rights that this one would take away.
        let isNewer = !applied.isSubset(of: migrations.map(\.version))
        guard let migration = pending.first else {
            if !isNewer { try servingRole?.grant(on: db) }
            return nil
        }
        // Only when needed, so that a server whose role may not create tables starts on a finished schema.
        if records.isEmpty { try db.run(CreateHistory()) }
        try run(migration.up, file: migration.file, db)
        try db.run(InsertRecord(migration: migration))
        if pending.count == 1, !isNewer { try servingRole?.grant(on: db) }
        return migration
    }

    /// Takes the newest applied migration back.
    private func rollBackLast(_ db: PostgresConnection) throws -> Migration {
        try db.run(LockMigrations())
        guard let record = try history(db).last else { throw MigrationError.nothingToRollBack }
        guard let migration = migrations.first(where: { $0.version == record.version }) else {
            throw MigrationError.unknown(version: record.version, name: record.name)
        }
        guard migration.checksum == record.checksum else {
            throw MigrationError.edited(version: migration.version, file: migration.file)
        }
        try run(migration.down, file: migration.downFile, db)
        try db.run(DeleteRecord(version: migration.version))
        return migration
    }

    /// Runs a file's SQL; an error names file and line.
    private func run(_ script: [UInt8], file: String, _ db: PostgresConnection) throws {
        do {
            try db.run(script: script, name: file)
        } catch {
            guard let sqlState = error.sqlState, !error.isConnectionLost else { throw error }
            // PostgreSQL counts characters, from 1.
            let line = error.position.map { position in
                String(decoding: script, as: UTF8.self).unicodeScalars.prefix(position - 1).count { $0 == "\n" } + 1
            }
            throw MigrationError.failed(file: file, line: line, sqlState: sqlState, message: error.detail)
        }
    }

    /// What has been applied, by number; nothing when there has never been a migration.
    private func history(_ db: PostgresConnection) throws -> [MigrationRecord] {
        guard try db.one(FindHistory()) else { return [] }
        do {
            return try db.all(SelectRecords())
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw MigrationError.notOwner(role: nil)
        }
    }

    /// Runs `body` with a pool of one connection that ends with the call.
    private func withPool<Value>(_ body: (PostgresPool) async throws -> Value) async throws -> Value {
        try await PostgresPool.with(configuration, logger: logger, body)
    }
}
