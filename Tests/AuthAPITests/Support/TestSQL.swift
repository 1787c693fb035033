@testable import AuthAPI
@testable import PostgresClient

/// SQL text that a test builds, which `Statement` does not allow.
enum TestSQL {
    /// Runs one or more statements on a separate connection; returns the first field of the last result.
    @discardableResult
    static func run(_ text: String, on configuration: PostgresConfiguration) async throws -> String? {
        try await TestCommand.onThread {
            let link = try PostgresLink(configuration.forMigrations(waitingUpTo: nil).withoutLimits)
            let result = try text.withCString { try link.run($0, name: "test SQL") }
            guard result.rowCount > 0, result.columnCount > 0 else { return nil }
            return result.withField(row: 0, column: 0) { String(decoding: $0, as: UTF8.self) } ?? nil
        }
    }
}
