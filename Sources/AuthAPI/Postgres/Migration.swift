import Crypto

/// One numbered change of the schema and the way back.
struct Migration: Sendable {
    /// The number, which gives the order.
    let version: Int32
    /// What the change is called.
    let name: String
    /// The SQL that applies it.
    let up: [UInt8]
    /// The SQL that takes it back.
    let down: [UInt8]

    /// The name of the file that applies it.
    var file: String { "\(prefix)_\(name).up.sql" }

    /// The name of the file that takes it back.
    var downFile: String { "\(prefix)_\(name).down.sql" }

    /// SHA-256 of `up`, by which an edit after the fact is noticed.
    var checksum: [UInt8] { Array(SHA256.hash(data: up)) }

    /// The number with its four digits.
    private var prefix: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

/// The migrations of this release, compiled into the binary, in ascending order.
///
/// A test compares the list with the files in the folder `Migrations`.
enum Migrations {
    /// Every migration.
    static let all = [
        Migration(
            version: 1,
            name: "authentication",
            up: PackageResources._001_authentication_up_sql,
            down: PackageResources._001_authentication_down_sql
        ),
        Migration(
            version: 2,
            name: "identities",
            up: PackageResources._002_identities_up_sql,
            down: PackageResources._002_identities_down_sql
        ),
        Migration(
            version: 3,
            name: "throttles",
            up: PackageResources._003_throttles_up_sql,
            down: PackageResources._003_throttles_down_sql
        ),
        Migration(
            version: 4,
            name: "audit_events",
            up: PackageResources._004_audit_events_up_sql,
            down: PackageResources._004_audit_events_down_sql
        ),
        Migration(
            version: 5,
            name: "disconnected_identities",
            up: PackageResources._005_disconnected_identities_up_sql,
            down: PackageResources._005_disconnected_identities_down_sql
        ),
        Migration(
            version: 6,
            name: "take_attempts",
            up: PackageResources._006_take_attempts_up_sql,
            down: PackageResources._006_take_attempts_down_sql
        ),
    ]
}

/// What is known of one migration.
struct MigrationStatus: Sendable, Equatable {
    /// Where it stands.
    enum State: Sendable, Equatable {
        /// This release has it and the database does not.
        case pending
        /// The database has it.
        case applied
        /// The database has it, but its file has been edited since.
        case edited
        /// The database has it and this release does not know it: a newer release has been here.
        case unknown
    }

    /// The number.
    let version: Int32
    /// What the change is called.
    let name: String
    /// Where it stands.
    let state: State
    /// When it was applied, as PostgreSQL writes it, in UTC.
    let appliedAt: String?
}

/// Why the schema was not changed.
enum MigrationError: Error, Equatable {
    /// The file of an applied migration is no longer what was applied.
    case edited(version: Int32, file: String)
    /// The newest applied migration is not part of this release, so this release cannot take it back.
    case unknown(version: Int32, name: String)
    /// There is nothing to take back.
    case nothingToRollBack
    /// The role that serves is missing or cannot sign in, and this role may not change that.
    case noServingRole(name: String, exists: Bool)
    /// The role does not own the tables, so it can neither change them nor give others rights on them.
    case notOwner(role: String?)
    /// The server refused the file's SQL.
    case failed(file: String, line: Int?, sqlState: String, message: String)
}

extension MigrationError: CustomStringConvertible {
    /// One sentence for the operator.
    var description: String {
        switch self {
        case .edited(let version, let file):
            "migration \(version) was applied before its file \(file) was edited; restore the file and put the change "
                + "into a new migration"
        case .unknown(let version, let name):
            "migration \(version) (\(name)) was applied by a newer release; roll it back with that release"
        case .nothingToRollBack:
            "no migration is applied, so there is none to roll back"
        case .noServingRole(let name, let exists):
            exists
                ? "the role \(name) cannot sign in and this role may not set its password; as a superuser run: "
                    + "ALTER ROLE \"\(name)\" LOGIN PASSWORD '…'"
                : "there is no role \(name) and this role may not make it; as a superuser run: "
                    + "CREATE ROLE \"\(name)\" LOGIN PASSWORD '…'"
        case .notOwner(let role):
            "this role does not own the tables\(role.map { ", so it cannot give \($0) its rights" } ?? ""); let "
                + "MIGRATION_DATABASE_URL (or POSTGRES_USER) name the owner, or set MIGRATE_ON_START=false"
        case .failed(let file, let line, let sqlState, let message):
            "\(file)\(line.map { ":\($0)" } ?? ""): \(message) (SQLSTATE \(sqlState)); nothing of this file was applied"
        }
    }
}
