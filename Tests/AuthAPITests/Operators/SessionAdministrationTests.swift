import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A18: The session commands, on a real database as the serving role.
@Suite struct SessionAdministrationTests {
    private static let first = PageRequest(limit: 10, after: nil)

    @Test("A18: The list has only live sessions, newest first, of all users or of one, and no token")
    func list() async throws {
        try await Operators.with { operators in
            let users = try await operators.addUsers(["aiko@example.com", "eve@example.com"])
            let aikos = try await operators.addSessions(3, to: users[0])
            _ = try await operators.addSessions(1, to: users[0], hours: -1)
            let eves = try await operators.addSessions(1, to: users[1])
            for reference in [UserReference.id(users[0]), try #require(UserReference("AIKO@example.com"))] {
                let found = try #require(
                    try await operators.run { try await $0.store.sessions(Self.first, of: reference) }
                )
                #expect(found.map(\.id) == aikos.map(\.lowercased))
                #expect(found.map(\.email) == ["aiko@example.com", "aiko@example.com", "aiko@example.com"])
                #expect(found[0].userAgent == "Browser 0" && found[2].ipAddress == "192.0.2.2")
                #expect(try !JSONText.of(found).contains("token"))
            }
            let all = try #require(try await operators.run { try await $0.store.sessions(Self.first) })
            #expect(Set(all.map(\.id)) == Set((aikos + eves).map(\.lowercased)))
        }
    }

    @Test("A18: The list continues after any row, even an expired one, and reports a missing row")
    func pages() async throws {
        try await Operators.with { operators in
            let user = try await operators.addUsers(["aiko@example.com"])[0]
            let ids = try await operators.addSessions(3, to: user)
            func rest(after id: UUID) async throws -> [String]? {
                try await operators.run { try await $0.store.sessions(PageRequest(limit: 5, after: id)) }?.map(\.id)
            }
            #expect(try await rest(after: ids[0]) == ids[1...].map(\.lowercased))
            try await operators.database.sql(
                "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE id = '\(ids[0])'"
            )
            #expect(try await rest(after: ids[0]) == ids[1...].map(\.lowercased))
            #expect(try await operators.run { try await $0.store.endSession(ids[1]) })
            #expect(try await rest(after: ids[1]) == nil)
        }
    }

    @Test("A18 A7: A session that an operator ended is rejected at the next request; ending it again is reported")
    func end() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let (ada, eve) = (try await api.registered(), try await api.registered(email: "eve@example.com"))
            let reference = try #require(UserReference("ada@example.com"))
            let sessions = try #require(
                try await operators.run { try await $0.store.sessions(Self.first, of: reference) }
            )
            let id = try #require(sessions.first.flatMap { UUID(uuidString: $0.id) })
            #expect(try await operators.run { try await $0.store.endSession(id) })
            #expect(try await ada.get(APIPath.me).status == 401)
            #expect(try await eve.get(APIPath.me).status == 200)
            #expect(try await !operators.run { try await $0.store.endSession(id) })
        }
    }

    @Test("A18: Ending all sessions of a user counts the live ones, and affects no other user")
    func endAll() async throws {
        try await Operators.with { operators in
            let users = try await operators.addUsers(["aiko@example.com", "eve@example.com"])
            _ = try await operators.addSessions(3, to: users[0])
            _ = try await operators.addSessions(1, to: users[0], hours: -1)
            _ = try await operators.addSessions(2, to: users[1])
            // At once, so that each session is counted by one of them.
            let counts = try await withThrowingTaskGroup(of: Int?.self) { tasks in
                for _ in 0..<3 {
                    tasks.addTask { try await operators.run { try await $0.store.endSessions(of: .id(users[0])) } }
                }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.count == 3 && counts.compactMap { $0 }.reduce(0, +) == 3)
            #expect(try await operators.run { try await $0.store.endSessions(of: .id(users[0])) } == 0)
            #expect(try await operators.run { try await $0.store.user(.id(users[1])) }?.sessions == 2)
            #expect(try await operators.run { try await $0.store.endSessions(of: .id(UUID())) } == nil)
        }
    }
}
