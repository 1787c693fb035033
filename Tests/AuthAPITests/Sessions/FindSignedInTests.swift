import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// The statement of the shared session checks, on a large table.
@Suite struct FindSignedInTests {
    private static let fill = """
        INSERT INTO users (id, email, name)
        SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, n || '@example.com', 'Ada'
        FROM generate_series(1, 20000) AS n;
        INSERT INTO sessions (user_id, token_hash, created_at, expires_at)
        SELECT ('00000000-0000-4000-8000-' || lpad((1 + n % 20000)::text, 12, '0'))::uuid,
            sha256(n::text::bytea), now(), now() + interval '7 days'
        FROM generate_series(1, 200000) AS n;
        ANALYZE users, sessions;
        """

    private static var prepare: String { "PREPARE asked (bytea[]) AS \(FindSignedIn.sql)" }

    /// An array literal of that many existing hashes.
    private static func hashes(_ count: Int) -> String {
        let known = "SELECT sha256(n::text::bytea) FROM generate_series(1, \(count)) AS n"
        return "(SELECT quote_literal(ARRAY(\(known))::text))"
    }

    @Test("W14: The statement for all session checks uses the indexes, with any kind of plan")
    func plan() async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.fill)
            for count in [1, 16, 64] {
                let array = try await database.sql("SELECT \(Self.hashes(count))") ?? ""
                for mode in ["force_generic_plan", "force_custom_plan"] {
                    let plan = try await database.sql(
                        "SET plan_cache_mode = \(mode); \(Self.prepare); EXPLAIN (FORMAT JSON) EXECUTE asked (\(array))"
                    )
                    let text = try #require(plan)
                    #expect(text.contains("sessions_token_hash_key") && text.contains("users_pkey"), "\(mode) \(count)")
                    for other in ["Seq Scan", "Hash Join", "Merge Join", "Bitmap"] {
                        #expect(!text.contains(other), "\(mode) \(count)")
                    }
                }
            }
        }
    }

    @Test("The server reuses the plan, even for few lookups", arguments: [1, 20])
    func planIsKept(count: Int) async throws {
        struct Plans: ReadStatement {
            static let sql: StaticString = """
                SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%WITH ORDINALITY%'
                    AND statement NOT LIKE '%pg_prepared_statements%'
                """
            static func decode(_ row: PostgresRow) throws -> Int64 { try row.int8(0) }
        }
        try await TestDatabase.with { database in
            try await database.sql(Self.fill)
            let keys = (0..<count).map { TokenHash(of: Secret("\($0)")) }
            let generic = try await database.pool.reading { db in
                for _ in 0..<12 { _ = try db.all(FindSignedIn(keys)) }
                return try db.one(Plans())
            }
            #expect(generic >= 6)
        }
    }

    @Test("Each token gets its own session; an unknown token gets none")
    func results() async throws {
        try await TestDatabase.with { database in
            try await database.sql(Self.fill)
            let store = SessionStore(
                postgres: database.pool,
                identities: IdentityStore(
                    postgres: database.pool,
                    vault: ProviderTokenVault(TestAPI.secretKeys),
                    registration: RegistrationPolicy(
                        settings: RegistrationSettings(),
                        store: InviteStore(postgres: database.pool),
                        codes: OneTimeCodeKeys(for: .inviteCodes, from: TestAPI.secretKeys)
                    )
                )
            )
            let now = Date.now
            try await withThrowingTaskGroup(of: (Int, SignedIn?).self) { group in
                for n in 0..<200 {
                    // As in the rows above; every fifth token is unknown.
                    let hash = TokenHash(of: Secret(n % 5 == 0 ? "nobody \(n)" : "\(n + 1)"))
                    group.addTask { (n, try await store.signedIn(with: hash, at: now)) }
                }
                for try await (n, found) in group {
                    #expect(found?.user.email == (n % 5 == 0 ? nil : "\(n + 2)@example.com"))
                }
            }
            let later = now.addingTimeInterval(8 * 86_400)
            #expect(try await store.signedIn(with: TokenHash(of: Secret("1")), at: later) == nil)
        }
    }
}
