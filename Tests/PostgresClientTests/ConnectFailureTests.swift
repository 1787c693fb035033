import Testing

@testable import PostgresClient

/// W59: A refused connection is distinguished from an unavailable server.
@Suite struct ConnectFailureTests {
    private static let head = "connection to server at \"db\" (10.0.0.1), port 5432 failed: "

    @Test("The server's code is extracted from its verbose message, in any language")
    func codes() {
        let refused = ConnectFailure(
            message: Self.head
                + "FATAL:  28P01: password authentication failed for user \"app\"\nLOCATION:  auth_failed, auth.c:338\n"
        )
        #expect(refused.sqlState == "28P01")
        #expect(refused.detail == Self.head + "FATAL:  password authentication failed for user \"app\"")
        #expect(refused.error.kind == .unavailable(.refused))
        let german = ConnectFailure(message: Self.head + "SCHWERWIEGEND:  3D000: Datenbank »x« existiert nicht\n")
        #expect(german.sqlState == "3D000" && german.error.kind == .unavailable(.refused))
    }

    @Test("A temporary failure is not a refusal", arguments: ["57P03", "53300", "08006"])
    func passing(state: String) {
        let failure = ConnectFailure(message: Self.head + "FATAL:  \(state): not now\nLOCATION:  here\n")
        #expect(failure.sqlState == state && failure.error.kind == .unavailable(.notConnected))
        #expect(failure.error.isUnavailable)
    }

    @Test("libpq's own messages have no code")
    func withoutServer() {
        let away = ConnectFailure(
            message: Self.head
                + "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"
        )
        #expect(away.sqlState == nil && away.error.kind == .unavailable(.notConnected))
        #expect(
            away.detail.hasSuffix(
                "Connection refused; Is the server running on that host and accepting TCP/IP connections?"
            )
        )
        let needed = ConnectFailure(message: "fe_sendauth: no password supplied\n", needsPassword: true)
        #expect(needed.error.kind == .unavailable(.refused))
        let pooler = ConnectFailure(message: Self.head + "FATAL:  08P01: unsupported startup parameter: options\n")
        #expect(pooler.error.kind == .unavailable(.refused))
    }
}
