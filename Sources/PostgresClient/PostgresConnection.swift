/// A connection, for jobs.
///
/// It belongs to one worker thread and is not `Sendable`, so it cannot leave the closure.
package final class PostgresConnection {
    private let link: PostgresLink
    private var plans: [ObjectIdentifier: Plan] = [:]
    private var plansMade = 0
    private var parameters = PostgresParameters()

    /// A statement that the server has prepared on this connection.
    private struct Plan {
        /// The name as a C string.
        let name: [CChar]
        /// The declared types of the parameters.
        let types: [PostgresType]
        /// The name of the statement in errors, cached because creating it costs more than the rest of the work.
        let statement: String
    }

    /// Takes over a connection.
    init(_ link: PostgresLink) {
        self.link = link
    }

    /// Returns all rows; throws `PostgresError`.
    package func all<S: Statement>(_ statement: S) throws -> [S.Row] {
        let result = try execute(statement)
        var rows: [S.Row] = []
        rows.reserveCapacity(Int(result.rowCount))
        for index in 0..<result.rowCount {
            rows.append(try S.decode(PostgresRow(result: result, index: index, statement: S.self)))
        }
        return rows
    }

    /// Returns the first row, or nil when there is none; throws `PostgresError`.
    package func first<S: Statement>(_ statement: S) throws -> S.Row? {
        let result = try execute(statement)
        guard result.rowCount > 0 else { return nil }
        return try S.decode(PostgresRow(result: result, index: 0, statement: S.self))
    }

    /// Returns the only row; throws `PostgresError`, including when there is none or more than one.
    package func one<S: Statement>(_ statement: S) throws -> S.Row {
        let result = try execute(statement)
        guard result.rowCount == 1 else {
            let detail = "expected one row, got \(result.rowCount)"
            throw PostgresError(kind: .decoding, statement: S.name, detail: detail)
        }
        return try S.decode(PostgresRow(result: result, index: 0, statement: S.self))
    }

    /// Runs the statement and returns the number of rows that it changed; throws `PostgresError`.
    @discardableResult
    package func run<S: Statement>(_ statement: S) throws -> Int {
        try execute(statement).affectedRows
    }

    /// Prepares the statement if necessary, and runs it.
    ///
    /// If the server has dropped the plan or its result type has changed, prepares again and repeats, outside a
    /// transaction.
    private func execute<S: Statement>(_ statement: S) throws(PostgresError) -> PostgresResult {
        let values = statement.parameters
        let wasIdle = link.isIdle
        do throws(PostgresError) {
            return try send(statement, values)
        } catch {
            guard error.isStalePlan else { throw error }
            // The reason has most likely made other plans stale, too.
            plans = [:]
            guard wasIdle else { throw error }
            return try send(statement, values)
        }
    }

    /// Prepares the statement if necessary, and runs it once.
    private func send<S: Statement>(_ statement: S, _ values: [PostgresValue]) throws(PostgresError) -> PostgresResult {
        // On a connection shared by a pooler, prepared statements may belong to other clients or vanish.
        guard !link.session.isShared else {
            try parameters.encode(values, statement: S.name)
            return try link.execute(S.sql, types: values.map(\.type.rawValue), parameters, name: S.name)
        }
        let plan = try plan(for: S.self, values)
        try parameters.encode(values, statement: plan.statement)
        return try link.execute(plan.name, parameters, name: plan.statement)
    }

    /// The prepared statement of this type, prepared at first use.
    private func plan<S: Statement>(for type: S.Type, _ values: [PostgresValue]) throws(PostgresError) -> Plan {
        let key = ObjectIdentifier(type)
        if let plan = plans[key] {
            guard plan.types.count == values.count, zip(plan.types, values).allSatisfy({ $0 == $1.type }) else {
                let detail = "the parameters' types differ from the first use"
                throw PostgresError(kind: .misuse, statement: S.name, detail: detail)
            }
            return plan
        }
        // Numbered, so that two types of the same name, or a plan prepared again, never collide.
        plansMade += 1
        let name = Array("\(plansMade)_\(S.name)".utf8CString.prefix(63).filter { $0 != 0 }) + [0]
        let plan = Plan(name: name, types: values.map(\.type), statement: S.name)
        try link.prepare(name, S.sql, types: plan.types.map(\.rawValue), name: S.name)
        plans[key] = plan
        return plan
    }
}

// For the worker, the pool and the migrator.
extension PostgresConnection {
    /// Whether the connection must be replaced.
    package var isBroken: Bool { link.isBroken }

    /// Whether a pooler may share this connection with other clients.
    package var isShared: Bool { link.session.isShared }

    /// The server process that was announced on connecting; a pooler announces a different one.
    package var announcedProcess: Int32 { link.announcedProcess }

    /// Whether the server has not closed the connection.
    package func isAlive() -> Bool { link.isAlive() }

    /// Sets the deadline of the current job.
    package func setDeadline(_ deadline: Deadline) {
        link.deadline = deadline
    }

    /// Throws `PostgresError` and discards the connection when a job left a transaction open.
    package func checkIdle() throws(PostgresError) {
        guard !link.isBroken, !link.isIdle else { return }
        link.abandon()
        throw PostgresError(kind: .misuse, detail: "a transaction was left open; it is rolled back")
    }

    /// The SCRAM verifier of a role's password, which the server stores (RFC 5803); throws `PostgresError`.
    package func verifier(ofPassword password: String, role: String) throws(PostgresError) -> String {
        try link.verifier(ofPassword: password, role: role)
    }

    /// Runs a migration's script inside the transaction of the caller; for migrations only, never with values.
    package func run(script: [UInt8], name: String) throws(PostgresError) {
        let text = (script + [0]).map { CChar(bitPattern: $0) }
        _ = try unsafe link.run(text, name: name)
        guard link.isInTransaction else {
            throw PostgresError(kind: .misuse, statement: name, detail: "the script ended its transaction")
        }
    }

    /// Runs `body` between BEGIN and COMMIT; rolls back when it throws.
    ///
    /// With `retrying`, repeats the transaction after a serialization failure or a deadlock, up to three attempts; and
    /// in any case once when a prepared statement was stale. Throws what `body` throws, or `PostgresError`.
    package func transaction<Value>(retrying: Bool, _ body: (PostgresConnection) throws -> Value) throws -> Value {
        var attempt = 1
        var freshPlans = false
        while true {
            do {
                return try attemptTransaction(body)
            } catch let error as PostgresError where !link.isBroken {
                if error.isStalePlan, !freshPlans {
                    freshPlans = true
                } else if retrying, error.isRetryable, attempt < 3 {
                    attempt += 1
                } else {
                    throw error
                }
            }
        }
    }

    /// One attempt at a transaction.
    private func attemptTransaction<Value>(_ body: (PostgresConnection) throws -> Value) throws -> Value {
        try command(link.session.begin)
        let value: Value
        do {
            value = try body(self)
        } catch {
            if !link.isBroken {
                do { try command("ROLLBACK", endsTransaction: true) } catch { link.abandon() }
            }
            throw error
        }
        // The tag is ROLLBACK if a statement of the transaction failed.
        guard try command("COMMIT", endsTransaction: true) == "COMMIT" else {
            throw PostgresError(kind: .misuse, detail: "a statement failed inside a transaction and was ignored")
        }
        return value
    }

    /// Runs a command without parameters and returns its tag.
    @discardableResult
    private func command(_ text: String, endsTransaction: Bool = false) throws(PostgresError) -> String {
        let bytes = Array(text.utf8CString)
        return try unsafe link.run(bytes, name: text, endsTransaction: endsTransaction).commandTag
    }
}
