import Testing

@testable import AuthAPI

/// Holds requests at one point in the database until the test releases them, so that races have a fixed order.
struct TestHold: Sendable {
    let database: TestDatabase

    /// Holds every change of one kind.
    ///
    /// - Parameters:
    ///   - change: the text after `BEFORE` in `CREATE TRIGGER`: `INSERT ON sessions`.
    ///   - condition: the condition on rows.
    ///   - database: the database.
    /// - Throws: ``PostgresError``.
    init(before change: String, when condition: String = "true", in database: TestDatabase) async throws {
        self.database = database
        try await database.sql(
            """
            CREATE TABLE hold ();
            INSERT INTO hold DEFAULT VALUES;
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    WHILE EXISTS (SELECT FROM hold) LOOP PERFORM pg_sleep(0.005); END LOOP;
                    RETURN coalesce(NEW, OLD);
                END $$;
            CREATE TRIGGER hold BEFORE \(change) FOR EACH ROW WHEN (\(condition)) EXECUTE FUNCTION hold()
            """
        )
    }

    /// Holds the sign-in with the headers ``signIn`` before it stores its session.
    static func ofSignIn(in database: TestDatabase) async throws -> TestHold {
        try await TestHold(before: "INSERT ON sessions", when: "NEW.user_agent = 'held'", in: database)
    }

    /// The headers of the request that ``ofSignIn(in:)`` holds.
    static let signIn = [("User-Agent", "held")]

    /// Returns once a request is held.
    func reached() async throws {
        try await waiting("wait_event = 'PgSleep'")
    }

    /// Returns once another request waits for the lock of a row.
    func blocksAnother() async throws {
        try await waiting("wait_event_type = 'Lock'")
    }

    /// Releases the request, and all later ones.
    func release() async throws {
        try await database.sql("DELETE FROM hold")
    }

    private func waiting(_ condition: String) async throws {
        try await eventually("a session with \(condition)") {
            try await database.sql(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND \(condition)"
            ) == "t"
        }
    }
}
