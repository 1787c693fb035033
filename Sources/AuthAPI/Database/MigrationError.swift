/// Why the schema was not changed.
enum MigrationError: Error, Equatable {
    /// The database does not meet a requirement.
    case unfit([DatabaseFault])
    /// The file of an applied migration was edited.
    case edited(version: Int32, file: String)
    /// The newest applied migration is not part of this release, so this release cannot revert it.
    case unknown(version: Int32, name: String)
    /// There is nothing to revert.
    case nothingToRollBack
    /// The newest applied migration is not the one that the operator confirmed.
    case changedMeanwhile
    /// The serving role is missing or cannot sign in, and the server does not let this role change that.
    case noServingRole(name: String, exists: Bool, reason: String)
    /// The role does not own the tables, so it can neither change them nor grant privileges on them.
    case notOwner(role: String?)
    /// The server rejected the file's SQL.
    case failed(file: String, line: Int?, sqlState: String, message: String)
    /// Locks could not be acquired in time.
    case locked(holders: [LockHolder])
}

extension MigrationError {
    /// Whether another program has a table, type or function of that name in the schema.
    private static func isTakenName(_ sqlState: String) -> Bool { ["42P07", "42710", "42723"].contains(sqlState) }

    /// Whether retrying may help, such as after an operator fixes the database.
    var isRepairable: Bool {
        switch self {
        case .unfit(let faults): faults.allSatisfy { $0.weight < .unfit }
        case .noServingRole, .notOwner, .locked: true
        // Privileges (42501), taken names, conflicts (40), resources (53), an object in use (55), a cancelled statement
        // (57), I/O errors (58), an event trigger that rejects DDL (P0).
        case .failed(_, _, let sqlState, _):
            sqlState == "42501" || Self.isTakenName(sqlState)
                || ["40", "53", "55", "57", "58", "P0"].contains(sqlState.prefix(2))
        case .edited, .unknown, .nothingToRollBack, .changedMeanwhile: false
        }
    }
}

extension MigrationError: CustomStringConvertible {
    /// What failed, why, and how to fix it.
    var description: String {
        switch self {
        case .unfit(let faults):
            faults.map(\.description).joined(separator: "\n")
        case .edited(let version, let file):
            "migration \(version) was applied before its file \(file) was edited; restore the file and put the change "
                + "into a new migration"
        case .unknown(let version, let name):
            "migration \(version) (\(name)) was applied by a newer release; roll it back with that release"
        case .nothingToRollBack:
            "there is no applied migration to roll back"
        case .changedMeanwhile:
            "another migration was applied or rolled back in the meantime; nothing was changed"
        case .noServingRole(let name, let exists, let reason):
            "the role \(name) \(exists ? "cannot sign in" : "does not exist"), and this role may not change that: "
                + "\(reason)\n  fix: run as an administrator of the server: \(exists ? "ALTER" : "CREATE") ROLE "
                + "\(SQLName.identifier(name)) LOGIN PASSWORD '…'"
        case .notOwner(let role):
            "this role does not own the tables\(role.map { ", so it cannot grant privileges to \($0)" } ?? ""); set "
                + "MIGRATION_DATABASE_URL (or POSTGRES_USER) to the owner, or set MIGRATE_ON_START=false"
        case .failed(let file, let line, let sqlState, let message):
            "\(file)\(line.map { ":\($0)" } ?? ""): \(message) (SQLSTATE \(sqlState)); nothing of this file was applied"
                + (sqlState == "42501"
                    ? "\n  fix: set MIGRATION_DATABASE_URL (or POSTGRES_USER) to the role that owns the tables" : "")
                + (Self.isTakenName(sqlState) ? "\n  fix: \(DatabaseRequirements.separateSchema(for: nil))" : "")
        case .locked(let holders):
            "canceling statement due to lock timeout (SQLSTATE 55P03); these sessions hold the locks: "
                + (holders.isEmpty ? "unknown" : holders.map(\.description).joined(separator: "; "))
                + "\n  fix: let them finish, or end one with SELECT pg_terminate_backend(pid), and run this again"
        }
    }
}
