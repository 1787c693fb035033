import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// The user commands, on a real database as the serving role (D6).
@Suite struct UserAdministrationTests {
    private static func registration(_ email: String, name: String = "Aiko") throws -> UserService.Registration {
        try .init(email: EmailAddress(email), name: DisplayName(name), password: Password("Correct-Horse-7"))
    }

    @Test("A1 A5: A user created by an operator can sign in with the password, and has no session")
    func create() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let made = try await operators.run { try await $0.create(Self.registration("Aiko@Example.com")) }
            let user = try #require(made)
            #expect(user.email == "aiko@example.com" && user.name == "Aiko")
            #expect(user.hasPassword && user.providers.isEmpty && user.emailVerifiedAt == nil && user.sessions == 0)
            let login = ["email": "aiko@example.com", "password": "Correct-Horse-7"]
            #expect(try await api.client().post(APIPath.login, login).status == 200)
            #expect(try await operators.run { try await $0.store.user(.id(user.id)) }?.sessions == 1)
        }
    }

    @Test("A2: Of two concurrent creations of the same user, one succeeds and the other reports why not")
    func createTwice() async throws {
        try await Operators.with { operators in
            let results = await withTaskGroup(of: Result<UserRecord?, any Error>.self) { tasks in
                for email in ["aiko@example.com", "AIKO@example.com"] {
                    tasks.addTask {
                        do {
                            return .success(
                                try await operators.run { try await $0.create(Self.registration(email)) }
                            )
                        } catch { return .failure(error) }
                    }
                }
                return await tasks.reduce(into: []) { $0.append($1) }
            }
            let failures = results.compactMap { result in
                if case .failure(let error) = result { CommandEnding(of: error) } else { nil }
            }
            #expect(failures.map(\.explanation) == ["An account with this email already exists."])
            #expect(failures.map(\.status) == [1])
            let count = try await operators.database.sql("SELECT count(*) FROM users")
            #expect(count == "1")
        }
    }

    @Test("A user is found by email address or ID regardless of case, and shown without secrets")
    func show() async throws {
        try await Operators.with { operators in
            let id = try await operators.addUsers(["Old.Data@Example.com"])[0]
            try await operators.database.sql(
                """
                UPDATE users SET password_hash = 'phc-of-a-password', email_verified_at = '2026-01-02T03:04:05Z';
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id, access_token)
                VALUES ('\(id)', 'google', 'subject-1', 'sealed'), ('\(id)', 'discord', 'subject-2', 'sealed')
                """
            )
            _ = try await operators.addSessions(2, to: id)
            _ = try await operators.addSessions(1, to: id, hours: -1)
            for text in ["old.data@example.com", "OLD.DATA@EXAMPLE.COM", id.uuidString, id.lowercased] {
                let reference = try #require(UserReference(text))
                let found = try #require(try await operators.run { try await $0.store.user(reference) }, "\(text)")
                #expect(found.id == id && found.providers == ["discord", "google"] && found.hasPassword)
                // The expired one is not live.
                #expect(found.sessions == 2)
                let lines = try found.text(json: false)
                #expect(lines.contains("signs in by:     password,discord,google\n"))
                #expect(lines.contains("email verified:  2026-01-02T03:04:05Z\n"))
                for shown in [lines, try found.text(json: true)] {
                    #expect(!shown.contains("phc-of") && !shown.contains("subject-") && !shown.contains("sealed"))
                }
            }
            for text in ["nobody@example.com", UUID().uuidString] {
                let reference = try #require(UserReference(text))
                #expect(try await operators.run { try await $0.store.user(reference) } == nil)
            }
        }
    }

    @Test("The list continues after any row, shows every user once, and reports a missing row")
    func pages() async throws {
        try await Operators.with { operators in
            let ids = try await operators.addUsers((0..<5).map { "user-\($0)@example.com" })
            // All were created at the same time: they are ordered by ID.
            try await operators.database.sql("UPDATE users SET created_at = now() + interval '1 hour'")
            var seen: [UserID] = []
            for _ in 0..<4 {
                let page = PageRequest(limit: 2, after: seen.last)
                seen += try #require(try await operators.run { try await $0.store.users(page) }).map(\.id)
            }
            #expect(seen.map(\.lowercased) == ids.map(\.lowercased).sorted(by: >))

            let last = try #require(ids.first)
            try await operators.database.sql("DELETE FROM users WHERE id = '\(last)'")
            #expect(try await operators.run { try await $0.store.users(PageRequest(limit: 2, after: last)) } == nil)
        }
    }

    @Test(
        "A search finds parts of email address and name regardless of case, without wildcards",
        arguments: [
            ("DER@ex", ["finder@example.com"]), ("ÉLODIE", ["elodie@example.com"]), ("élo", ["elodie@example.com"]),
            ("愛子", ["aiko@example.com"]), ("İpek", ["ipek@example.com"]), ("STRAß", ["strasse@example.com"]),
            ("100%", ["percent@example.com"]), ("%", ["percent@example.com"]), ("_", ["under_score@example.com"]),
            ("' OR true --", []), ("nobody", []),
        ]
    )
    func search(text: String, expected: [String]) async throws {
        try await Operators.with { operators in
            let names = [
                "finder": "Finder", "elodie": "Élodie", "aiko": "田中 愛子", "ipek": "İpek", "strasse": "Straße",
                "percent": "100% Ada", "under_score": "U",
            ]
            for (local, name) in names { _ = try await operators.addUsers(["\(local)@example.com"], name: name) }
            let page = PageRequest(limit: 10, after: nil)
            let found = try #require(try await operators.run { try await $0.store.users(page, search: text) })
            #expect(found.map(\.email) == expected)
        }
    }

    @Test("A9 D4: Deleting a user deletes sessions and identities, and the token is invalid at once")
    func delete() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let (ada, eve) = (try await api.registered(), try await api.registered(email: "eve@example.com"))
            try await api.database.sql(
                """
                INSERT INTO oauth_accounts (user_id, provider, provider_user_id)
                SELECT id, 'google', id::text FROM users
                """
            )
            let reference = try #require(UserReference("ADA@example.com"))
            let shown = try #require(try await operators.run { try await $0.store.user(reference) })
            #expect(try await operators.run { try await $0.delete(shown) } == .deleted)
            #expect(try await ada.get(APIPath.me).status == 401)
            #expect(try await eve.get(APIPath.me).status == 200)
            for table in ["users", "sessions", "oauth_accounts"] {
                #expect(try await api.database.sql("SELECT count(*) FROM \(table)") == "1", "\(table)")
            }
            #expect(try await operators.run { try await $0.delete(shown) } == .gone)
        }
    }

    @Test("Exactly one of many concurrent deletions of a user succeeds")
    func deleteTwice() async throws {
        try await Operators.with { operators in
            let id = try await operators.addUsers(["aiko@example.com"])[0]
            let shown = try #require(try await operators.run { try await $0.store.user(.id(id)) })
            let done = try await withThrowingTaskGroup(of: UserDeletion.self) { tasks in
                for _ in 0..<4 { tasks.addTask { try await operators.run { try await $0.delete(shown) } } }
                return try await tasks.reduce(into: 0) { $0 += $1 == .deleted ? 1 : 0 }
            }
            #expect(done == 1)
        }
    }

    @Test("W75: Another user who has the email address now is not deleted instead of the shown one")
    func deleteWhatWasShown() async throws {
        try await Operators.with { operators in
            let id = try await operators.addUsers(["aiko@example.com"])[0]
            let shown = try #require(try await operators.run { try await $0.store.user(.id(id)) })
            let database = operators.database
            // The address moves to another user while the operator reads the question.
            try await database.sql("UPDATE users SET email = 'moved@example.com' WHERE id = '\(id)'")
            let heir = try await operators.addUsers(["aiko@example.com"])[0]
            #expect(try await operators.run { try await $0.delete(shown) } == .changed)
            try await database.sql("DELETE FROM users WHERE id = '\(id)'")
            #expect(try await operators.run { try await $0.delete(shown) } == .gone)
            #expect(try await database.sql("SELECT id FROM users") == heir.lowercased)
            #expect(try await database.sql("SELECT count(*) FROM audit_events WHERE event = 'user_deleted'") == "0")
        }
    }

    @Test("D7 D1: An unreachable, an unmigrated and an inaccessible database are distinguished")
    func endings() async throws {
        func ending(_ url: String) async throws -> CommandEnding? {
            let settings = try TestAPI.settings(["DATABASE_POOL_TIMEOUT": "1"], databaseURL: url)
            do {
                _ = try await Operator.with(settings) { try await $0.store.users(PageRequest(limit: 1, after: nil)) }
                return nil
            } catch { return CommandEnding(of: error) }
        }
        try await TestDatabase.with(migrated: false) { empty in
            let found = try #require(try await ending(empty.url))
            #expect(found.explanation.hasPrefix("the schema is not up to date: relation \"users\" does not exist"))
            #expect(found.explanation.hasSuffix("\n  fix: AuthAPI migrate up") && found.status == 69)
        }
        try await TestDatabase.with { database in
            try await database.sql("REVOKE SELECT ON users FROM \(TestDatabase.servingRole)")
            let url = try #require(database.servingURL)
            let found = try #require(try await ending(url))
            let expected =
                "permission denied for table users (SQLSTATE 42501)\n  fix: AuthAPI doctor lists missing privileges"
            #expect(found.explanation == expected && found.status == 78)
        }
        let unavailable = CommandEnding(of: PostgresError.unavailable(.waitedTooLong))
        #expect(unavailable?.explanation == "the database does not respond: no connection in time")
        #expect(unavailable?.status == 69)
        let late = CommandEnding(of: PostgresError(kind: .rejected, sqlState: "57014", detail: "statement timeout"))
        #expect(late?.explanation == "the database rejected a statement: statement timeout (SQLSTATE 57014)")
        let readOnly = CommandEnding(of: PostgresError(kind: .rejected, sqlState: "25006", detail: "cannot INSERT"))
        let cause = "the database is read-only: cannot INSERT (SQLSTATE 25006)\n  fix: AuthAPI doctor prints the cause"
        #expect(readOnly?.explanation == cause && readOnly?.status == 69)
        #expect(CommandEnding(of: CancellationError()) == nil)
    }
}
