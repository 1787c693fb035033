import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The audit trail of operators' actions.
@Suite struct OperatorEventsTests {
    @Test("Actions of operators leave events that contain no email address and outlive the account")
    func operatorsWork() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let registration = UserService.Registration(
                email: try EmailAddress("ada@example.com"),
                name: try DisplayName("Ada"),
                password: Password("Correct-Horse-7")
            )
            let made = try #require(try await operators.run { try await $0.create(registration) })
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            for _ in 1...3 { #expect(try await api.client().post(APIPath.login, login).status == 200) }
            let page = PageRequest(limit: 9, after: nil)
            let first = try #require(try await operators.run { try await $0.store.sessions(page) }?.first)
            let session = try #require(SessionID(uuidString: first.id))
            let reference = try #require(UserReference("ada@example.com"))
            try await operators.run { service async throws in
                #expect(try await service.store.endSession(session))
                #expect(try await service.store.endSessions(of: reference) == 2)
                let shown = try #require(try await service.store.user(reference))
                #expect(try await service.delete(shown) == .deleted)
                #expect(try await service.delete(shown) == .gone)
            }
            let events = try await api.database.events().filter { $0.event != "signed_in" }
            let ended = Array(repeating: "session_ended by_operator", count: 3)
            #expect(events.map(\.summary) == ["user_created"] + ended + ["user_deleted"])
            #expect(events.allSatisfy { $0.user == made.id.lowercased && $0.address == nil && $0.request == nil })
            #expect(events[1].session == first.id && Set(events[1...3].map(\.session)).count == 3)
            // A sign-in with the address of the deleted account has the same subject as the event of the deletion.
            _ = try await api.client().post(APIPath.login, login)
            let failure = try #require(try await api.database.events().last)
            #expect(failure.summary == "sign_in_failed unknown_account")
            #expect(failure.subject != nil && failure.subject == events.last?.subject)
        }
    }
}
