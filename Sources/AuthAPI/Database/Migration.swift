import Crypto

/// One numbered change of the schema, with its reversal.
struct Migration: Sendable {
    /// The number, which determines the order.
    let version: Int32
    let name: String
    /// The SQL that applies it.
    let up: [UInt8]
    /// The SQL that reverts it.
    let down: [UInt8]

    /// The name of the file that applies it.
    var file: String { "\(prefix)_\(name).up.sql" }

    /// The name of the file that reverts it.
    var downFile: String { "\(prefix)_\(name).down.sql" }

    /// The tables that it creates.
    var tables: [String] {
        let start = "CREATE TABLE "
        return String(decoding: up, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix(start) }
            .map { String($0.dropFirst(start.count).prefix { $0 == "_" || $0.isLetter || $0.isNumber }) }
    }

    /// The tables and functions that reverting it deletes, as written in its file.
    var dropped: [String] {
        String(decoding: down, as: UTF8.self).split(separator: "\n").compactMap { line in
            ["DROP TABLE ", "DROP FUNCTION ", "DROP COLUMN "].contains { line.contains($0) }
                ? String(line.drop { $0 == " " }.prefix { $0 != ";" }) : nil
        }
    }

    /// The SHA-256 of `up`, to detect later edits.
    var checksum: [UInt8] { Array(SHA256.hash(data: up)) }

    /// The number with four digits.
    private var prefix: String {
        let digits = String(version)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

/// The migrations of this release, compiled into the binary, in ascending order.
///
/// A test compares the list with the files in the folder `Migrations`.
enum Migrations {
    /// All migrations.
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
        Migration(
            version: 7,
            name: "backup_status",
            up: PackageResources._007_backup_status_up_sql,
            down: PackageResources._007_backup_status_down_sql
        ),
        Migration(
            version: 8,
            name: "owner_changes",
            up: PackageResources._008_owner_changes_up_sql,
            down: PackageResources._008_owner_changes_down_sql
        ),
        Migration(
            version: 9,
            name: "operators",
            up: PackageResources._009_operators_up_sql,
            down: PackageResources._009_operators_down_sql
        ),
        Migration(
            version: 10,
            name: "invites",
            up: PackageResources._010_invites_up_sql,
            down: PackageResources._010_invites_down_sql
        ),
        Migration(
            version: 11,
            name: "recovery",
            up: PackageResources._011_recovery_up_sql,
            down: PackageResources._011_recovery_down_sql
        ),
        Migration(
            version: 12,
            name: "access_refusals",
            up: PackageResources._012_access_refusals_up_sql,
            down: PackageResources._012_access_refusals_down_sql
        ),
        Migration(
            version: 13,
            name: "providers",
            up: PackageResources._013_providers_up_sql,
            down: PackageResources._013_providers_down_sql
        ),
    ]
}

/// The status of one migration.
struct MigrationStatus: Sendable, Equatable {
    enum State: Sendable, Equatable {
        /// In this release, not in the database.
        case pending
        /// In the database.
        case applied
        /// In the database, but its file was edited afterwards.
        case edited
        /// In the database, but not in this release: from a newer release.
        case unknown
    }

    /// The number.
    let version: Int32
    let name: String
    let state: State
    /// When it was applied, in PostgreSQL's format, in UTC.
    let appliedAt: String?
}
