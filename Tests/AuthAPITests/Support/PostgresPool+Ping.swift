@testable import PostgresClient

extension PostgresPool {
    /// Checks that the server responds; throws `PostgresError`.
    func ping() async throws {
        _ = try await reading { try $0.one(Ping()) }
    }

    /// Whether at least one worker holds a connection that is not known to be broken.
    var isConnected: Bool { snapshot.connected > 0 }
}

/// The cheapest statement.
private struct Ping: ReadStatement {
    static let sql: StaticString = "SELECT 1"
    static func decode(_ row: PostgresRow) throws -> Int32 { try row.int4(0) }
}
