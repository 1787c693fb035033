import PostgresClient

/// Access to the audit trail in the database.
struct AuditStore: Sendable {
    let postgres: PostgresPool

    /// Records a failed sign-in.
    func record(_ failure: FailedSignIn) async throws {
        _ = try await postgres.withConnection { try $0.run(RecordFailedSignIn(failure: failure)) }
    }

    /// Records that a signed-in user's password was wrong.
    func record(_ failure: FailedConfirmation) async throws {
        _ = try await postgres.withConnection { try $0.run(RecordFailedConfirmation(failure: failure)) }
    }

    /// Selects events from a position on, oldest first.
    func events(matching query: AuditQuery, from position: AuditPosition, limit: Int64) async throws -> [AuditRecord] {
        try await postgres.reading { try $0.all(FindEvents(query: query, position: position, limit: limit)) }
    }

    /// Finds the position of the newest events of that number; nil when there are fewer.
    func position(ofNewest count: Int64, matching query: AuditQuery) async throws -> AuditPosition? {
        try await postgres.reading { try $0.first(FindPosition(query: query, count: count)) }
    }

    /// Removes events older than that many days by the database's clock, at most `limit`, unless another replica is
    /// doing it.
    ///
    /// - Returns: the number of removed events; nil when another replica holds the lock.
    func removeExpired(keeping days: Int, limit: Int64) async throws -> Int? {
        try await postgres.transaction { db in
            guard try db.one(TryLockSweep.events) else { return nil }
            return Int(try db.one(RemoveExpiredEvents(days: Int32(clamping: days), limit: limit)))
        }
    }
}

/// A sign-in with a wrong password, or with an unknown address.
struct FailedSignIn: Sendable {
    /// The account; nil when the address has none.
    let user: UserID?
    /// The key of the address, as in the table of rate limits; stored only if there is no account.
    let subject: ThrottleKey
    let reason: SignInFailure
    let trace: RequestTrace
}

/// A wrong password of a signed-in user.
struct FailedConfirmation: Sendable {
    let visitor: SignedIn
    let trace: RequestTrace
}
