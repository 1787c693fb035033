import FoundationEssentials
import PostgresClient
import Shared

/// One-time links in the database; expiry is by its clock.
struct RecoveryStore: Sendable {
    let postgres: PostgresPool

    /// Stores the one live code of a user in place of any before.
    ///
    /// - Returns: when it expires; nil when the user is gone, disabled, or has another address.
    func create(_ recovery: NewRecovery) async throws -> Date? {
        try await postgres.withConnection { try $0.first(InsertRecovery(recovery: recovery)) }
    }

    /// The live recovery of a code.
    func find(_ hashes: CodeHashes) async throws -> Recovery? {
        let statement = FindRecovery(current: hashes.current, previous: hashes.previous)
        return try await postgres.reading { try $0.first(statement) }
    }

    /// Sets the password and uses the code up, all or nothing.
    ///
    /// - Returns: whether that was done; it is not when the code was used, replaced or expired, or the user disabled,
    ///   meanwhile.
    func use(
        _ recovery: Recovery,
        passwordHash: String,
        clearing limit: ThrottleKey?,
        from trace: RequestTrace,
        at now: Date
    ) async throws -> Bool {
        let user = recovery.user.id
        let change = PasswordChange(user: user, hash: passwordHash, replaced: .any, reason: .recovery, trace: trace)
        return try await postgres.transaction(retrying: true) { db in
            guard try db.first(LockUser(id: user))?.isDisabled == false,
                try db.run(UseRecovery(user: user, hash: recovery.hash)) > 0,
                try PasswordStore.set(change, at: now, in: db)
            else { return false }
            if !recovery.keepsProviders { try db.run(UnlinkProviders(user: user, trace: trace)) }
            try db.run(ForgetDevices(user: user))
            // The user is locked before the limits, by everyone who locks both.
            if let limit { try db.run(ClearLimit(key: limit)) }
            return true
        }
    }
}

/// A code that is to be stored.
struct NewRecovery: Sendable {
    let user: UserID
    /// The address that the operator saw.
    let email: String
    let hash: [UInt8]
    let keepsProviders: Bool
    /// For how many seconds it is valid.
    let lifetime: Int64
}

/// A live code.
struct Recovery: Sendable {
    let user: User
    /// As it is stored.
    let hash: [UInt8]
    let keepsProviders: Bool
    /// Whether one statement could not end all sessions within its time.
    let hasManySessions: Bool
}
