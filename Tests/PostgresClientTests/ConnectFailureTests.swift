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
    func temporary(state: String) {
        let failure = ConnectFailure(message: Self.head + "FATAL:  \(state): not now\nLOCATION:  here\n")
        #expect(failure.sqlState == state && failure.error.kind == .unavailable(.notConnected))
        #expect(failure.error.isUnavailable)
    }

    @Test(
        "W50: PgBouncer's temporary errors are retried; those about settings and passwords are not",
        arguments: [
            ("no more connections allowed (max_client_conn)", false), ("query_wait_timeout", false),
            ("server login has been failing, try again later (server_login_retry)", false),
            ("client_login_timeout (server down)", false), ("no such user: eve", true),
            ("SASL authentication failed", true), ("unsupported startup parameter: options", true),
            ("PQexec disallowed", true),
        ]
    )
    func pooler(message: String, isRefusal: Bool) {
        let error = ConnectFailure(message: Self.head + "FATAL:  08P01: \(message)\n").error
        #expect(error.sqlState == "08P01" && error.isRefusal == isRefusal)
        #expect((error.kind == .unavailable(.refused)) == isRefusal)
    }

    @Test("libpq's own messages have no code")
    func withoutServer() {
        let unreachable = ConnectFailure(
            message: Self.head
                + "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"
        )
        #expect(unreachable.sqlState == nil && unreachable.error.kind == .unavailable(.notConnected))
        #expect(
            unreachable.detail.hasSuffix(
                "Connection refused; Is the server running on that host and accepting TCP/IP connections?"
            )
        )
        let needed = ConnectFailure(message: "fe_sendauth: no password supplied\n", needsPassword: true)
        #expect(needed.error.kind == .unavailable(.refused))
        let pooler = ConnectFailure(message: Self.head + "FATAL:  08P01: unsupported startup parameter: options\n")
        #expect(pooler.error.kind == .unavailable(.refused))
    }
}
