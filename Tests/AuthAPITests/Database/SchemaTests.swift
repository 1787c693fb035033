import Testing

@testable import AuthAPI
@testable import PostgresClient

/// D3 to D5: The constraints of the schema, on a real server.
@Suite struct SchemaTests {
    private static let addUser = "INSERT INTO users (email, name) VALUES ('Ada@Example.org', 'Ada') RETURNING id"

    /// D3: Email addresses are unique regardless of case.
    @Test func emailIsUniqueWhateverItsCase() async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.addUser)
            let error = await #expect(throws: PostgresError.self) {
                try await database.sql("INSERT INTO users (email, name) VALUES ('ADA@example.ORG', 'Ada')")
            }
            #expect(error?.violates("users_email_key") == true)
        }
    }

    /// D3: IDs and times are generated, and every actual change updates `updated_at`.
    @Test func updatedAtFollowsChanges() async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.addUser)
            let unchanged = "SELECT updated_at = created_at FROM users"
            #expect(try await database.sql("SELECT id IS NOT NULL AND password_hash IS NULL FROM users") == "t")
            try await database.sql("UPDATE users SET name = 'Ada'")
            #expect(try await database.sql(unchanged) == "t")
            try await database.sql("UPDATE users SET name = 'Ada Lovelace'")
            #expect(try await database.sql("SELECT updated_at > created_at FROM users") == "t")
        }
    }

    /// D4, D5: Identities and sessions are deleted with their user.
    @Test func deletingAUserDeletesEverything() async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.addUser)
            try await database.sql(
                """
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id) SELECT id, 'google', '1' FROM users;
                INSERT INTO sessions (user_id, token_hash, expires_at)
                SELECT id, sha256('token'), now() + interval '7 days' FROM users;
                DELETE FROM users;
                """
            )
            let left = "SELECT (SELECT count(*) FROM oauth_accounts) + (SELECT count(*) FROM sessions)"
            #expect(try await database.sql(left) == "0")
        }
    }

    /// The constraints by name, each with a row that violates it.
    @Test(arguments: [
        ("users_email_length", "INSERT INTO users (email, name) VALUES (repeat('a', 255), 'x')"),
        ("users_email_length", "INSERT INTO users (email, name) VALUES ('', 'x')"),
        ("users_name_length", "INSERT INTO users (email, name) VALUES ('b@example.org', '')"),
        ("users_name_length", "INSERT INTO users (email, name) VALUES ('b@example.org', repeat('x', 201))"),
        ("users_avatar_url_length", "UPDATE users SET avatar_url = repeat('x', 2049)"),
        ("users_password_hash_length", "UPDATE users SET password_hash = ''"),
        (
            "oauth_accounts_provider_form",
            "INSERT INTO oauth_accounts (user_id, provider, provider_user_id) SELECT id, 'My Space', '1' FROM users"
        ),
        (
            "oauth_accounts_issuer_length",
            """
            INSERT INTO oauth_accounts (user_id, provider, provider_user_id, issuer)
            SELECT id, 'oidc', '1', repeat('x', 513) FROM users
            """
        ),
        (
            "disconnected_identities_provider_form",
            "INSERT INTO disconnected_identities (user_id, provider, provider_user_id) SELECT id, '_', '1' FROM users"
        ),
        (
            "oauth_accounts_identity_key",
            """
            WITH other AS (INSERT INTO users (email, name) VALUES ('b@example.org', 'B') RETURNING id)
            INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
            SELECT id, 'discord', '1' FROM (SELECT id FROM users UNION ALL SELECT id FROM other) AS both_users
            """
        ),
        (
            "oauth_accounts_user_provider_key",
            """
            INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
            SELECT id, 'discord', n::text FROM users, generate_series(1, 2) AS n
            """
        ),
        (
            "oauth_accounts_email_length",
            """
            INSERT INTO oauth_accounts (user_id, provider, provider_user_id, email)
            SELECT id, 'discord', '1', repeat('x', 255) FROM users
            """
        ),
        (
            "oauth_accounts_user_id_fkey",
            """
            INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
            VALUES (gen_random_uuid(), 'google', '1')
            """
        ),
        (
            "sessions_user_id_fkey",
            """
            INSERT INTO sessions (user_id, token_hash, expires_at)
            VALUES (gen_random_uuid(), sha256('t'), now() + interval '1 day')
            """
        ),
        (
            "sessions_token_hash_length",
            "INSERT INTO sessions (user_id, token_hash, expires_at) SELECT id, 'short', now() + interval '1 day' FROM users"
        ),
        (
            "sessions_token_hash_key",
            """
            INSERT INTO sessions (user_id, token_hash, expires_at)
            SELECT id, sha256('t'), now() + interval '1 day' FROM users, generate_series(1, 2)
            """
        ),
        (
            "sessions_expires_later",
            "INSERT INTO sessions (user_id, token_hash, expires_at) SELECT id, sha256('t'), now() FROM users"
        ),
        ("audit_events_event_known", "INSERT INTO audit_events (event) VALUES ('x')"),
        ("audit_events_subject_length", "INSERT INTO audit_events (event, subject) VALUES ('registered', 'short')"),
        ("audit_events_period_throttled", "INSERT INTO audit_events (event) VALUES ('throttled')"),
        (
            "audit_events_period_throttled",
            """
            INSERT INTO audit_events (event, subject, period)
            VALUES ('registered', decode(repeat('00', 33), 'hex'), 1)
            """
        ),
        ("audit_events_period_subject", "INSERT INTO audit_events (event, period) VALUES ('throttled', 1)"),
        ("audit_events_detail_word", "INSERT INTO audit_events (event, detail) VALUES ('registered', 'Ada L.')"),
        ("audit_events_provider_form", "INSERT INTO audit_events (event, provider) VALUES ('registered', 'a-b')"),
        ("audit_events_address_length", "INSERT INTO audit_events (event, address) VALUES ('registered', '')"),
        (
            "audit_events_user_agent_length",
            "INSERT INTO audit_events (event, user_agent) VALUES ('registered', repeat('x', 513))"
        ),
        ("audit_events_request_id_length", "INSERT INTO audit_events (event, request_id) VALUES ('registered', '1')"),
    ])
    func constraint(name: String, sql: String) async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.addUser)
            let error = await #expect(throws: PostgresError.self) { try await database.sql(sql) }
            #expect(error?.violates(name) == true, "\(String(reflecting: error))")
        }
    }

    /// The queries of the stores use an index.
    @Test(arguments: [
        ("users_email_key", "SELECT * FROM users WHERE lower(email) = lower('x')"),
        ("sessions_token_hash_key", "SELECT * FROM sessions WHERE token_hash = sha256('x')"),
        ("sessions_user_id_idx", "SELECT * FROM sessions WHERE user_id = '00000000-0000-0000-0000-000000000000'"),
        ("sessions_expires_at_idx", "SELECT id FROM sessions WHERE expires_at < now() ORDER BY expires_at LIMIT 100"),
        (
            "oauth_accounts_user_provider_key",
            "SELECT * FROM oauth_accounts WHERE user_id = '00000000-0000-0000-0000-000000000000'"
        ),
        (
            "oauth_accounts_identity_key",
            "SELECT * FROM oauth_accounts WHERE provider = 'google' AND provider_user_id = '1'"
        ),
        (
            "audit_events_occurred_at_idx",
            "SELECT * FROM audit_events WHERE (occurred_at, id) > (now(), 1) ORDER BY occurred_at, id LIMIT 100"
        ),
        (
            "audit_events_user_id_idx",
            "SELECT * FROM audit_events WHERE user_id = '00000000-0000-0000-0000-000000000000' ORDER BY occurred_at, id"
        ),
        ("audit_events_subject_key", "SELECT * FROM audit_events WHERE subject = 'x'"),
    ])
    func index(name: String, sql: String) async throws {
        try await TestDatabase.with { database in
            let plan = try await database.sql("SET enable_seqscan = off; EXPLAIN (FORMAT json) \(sql)")
            #expect(plan?.contains(name) == true)
        }
    }
}
