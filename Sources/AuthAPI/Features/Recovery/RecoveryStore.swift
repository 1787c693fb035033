import FoundationEssentials
import PostgresClient

/// Access to one-time links in the database; expiry uses its clock.
struct RecoveryStore: Sendable {
    let postgres: PostgresPool

    /// Stores the code of a user, which replaces any previous one.
    ///
    /// - Returns: when it expires; nil when the user no longer exists, is disabled, or has another email address.
    func create(_ recovery: NewRecovery) async throws -> Date? {
        try await postgres.withConnection { try $0.first(InsertRecovery(recovery: recovery)) }
    }

    /// The live recovery of a code.
    func find(_ hashes: CodeHashes) async throws -> Recovery? {
        let statement = FindRecovery(current: hashes.current, previous: hashes.previous)
        return try await postgres.reading { try $0.first(statement) }
    }

    /// Sets the password and consumes the code in one transaction.
    ///
    /// - Returns: whether it succeeded; false when the code was used, replaced or expired, or the user disabled,
    ///   meanwhile.
    func use(
        _ recovery: Recovery,
        passwordHash: String,
        clearing limit: ThrottleKey?,
        from trace: RequestTrace,
        now: @escaping @Sendable () -> Date
    ) async throws -> Bool {
        let user = recovery.user.id
        let change = PasswordChange(user: user, hash: passwordHash, replaced: .any, reason: .recovery, trace: trace)
        return try await postgres.transaction(retrying: true) { db in
            guard try db.first(LockUser(id: user))?.isDisabled == false,
                try db.run(UseRecovery(user: user, hash: recovery.hash)) > 0,
                try PasswordStore.set(change, at: now(), in: db)
            else { return false }
            if !recovery.keepsProviders { try db.run(UnlinkProviders(user: user, trace: trace)) }
            // Everything that locks both locks the user before the rate limits.
            if let limit { try db.run(ClearLimit(key: limit)) }
            return true
        }
    }
}

/// A new code.
struct NewRecovery: Sendable {
    let user: UserID
    /// The email address that the operator confirmed.
    let email: String
    let hash: [UInt8]
    let keepsProviders: Bool
    /// The lifetime in seconds.
    let lifetime: Int64
}

/// A live code.
struct Recovery: Sendable {
    let user: User
    /// The stored hash.
    let hash: [UInt8]
    let keepsProviders: Bool
    /// Whether there are too many sessions to end in one statement.
    let hasManySessions: Bool
}
