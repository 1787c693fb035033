import Foundation

@testable import AuthAPI

/// Runs commands of operators on a test's database, as the serving role, which is the only one in their containers.
struct Operators: Sendable {
    let database: TestDatabase

    /// The effect of a command, without its process.
    func run<Value: Sendable>(
        _ settings: [String: String] = [:],
        _ body: (OperatorService) async throws -> Value
    ) async throws -> Value {
        let settings = try TestAPI.settings(settings, databaseURL: database.servingURL ?? database.url)
        return try await Operator.with(settings, body)
    }

    /// Runs `body` with a separate, migrated database.
    static func with(_ body: (Operators) async throws -> Void) async throws {
        try await TestDatabase.with { try await body(Operators(database: $0)) }
    }

    /// Creates users who cannot sign in, one minute older each; returns their IDs, newest first.
    func addUsers(_ emails: [String], name: String = "Aiko") async throws -> [UUID] {
        var ids: [UUID] = []
        for (age, email) in emails.enumerated() {
            let id = UUID()
            try await database.sql(
                """
                INSERT INTO users (id, email, name, created_at)
                VALUES ('\(id)', '\(email)', '\(name)', now() - \(age) * interval '1 minute')
                """
            )
            ids.append(id)
        }
        return ids
    }

    /// Creates sessions of a user, one minute older each, with the given hours left; returns their IDs.
    func addSessions(_ count: Int, to user: UUID, hours: Int = 24) async throws -> [UUID] {
        var ids: [UUID] = []
        for age in 0..<count {
            let id = UUID()
            try await database.sql(
                """
                INSERT INTO sessions (id, user_id, token_hash, user_agent, ip_address, created_at, expires_at)
                VALUES ('\(id)', '\(user)', sha256('\(id)'), 'Browser \(age)', '192.0.2.\(age)',
                    now() - interval '1 day' - \(age) * interval '1 minute', now() + \(hours) * interval '1 hour')
                """
            )
            ids.append(id)
        }
        return ids
    }
}

extension UUID {
    /// In the format of the API.
    var lowercased: String { uuidString.lowercased() }
}
