import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Reading the audit trail.
@Suite struct AuditServiceTests {
    private static let keys = ThrottleKeys(secretKey: Secret(TestAPI.secretKey))
    private static let email = "ada@example.com"
    private static let user = UUID()

    /// Eleven events at ten times, two of them at the same; the odd ones are the user's.
    private static func with(_ body: (AuditService, TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            try await database.sql(
                """
                INSERT INTO users (id, email, name) VALUES ('\(user)', '\(email)', 'Ada');
                INSERT INTO audit_events (event, user_id, occurred_at)
                SELECT CASE WHEN n > 6 THEN 'signed_out' ELSE 'signed_in' END,
                    CASE n % 2 WHEN 1 THEN '\(user)'::uuid ELSE gen_random_uuid() END,
                    timestamptz '2026-01-10T12:00:00Z' + least(n, 10) * interval '1 day' FROM generate_series(1, 11) AS n
                """
            )
            let store = AuditStore(postgres: database.pool)
            try await body(AuditService(store: store, keys: keys, partSize: 3), database)
        }
    }

    private static func read(
        _ service: AuditService,
        _ query: AuditQuery = AuditQuery(),
        newest: Int64? = nil
    ) async throws -> [Int64] {
        var ids: [Int64] = []
        try await service.read(query, newest: newest) { part in
            #expect(!part.isEmpty && part.count <= 3)
            ids += part.map(\.id)
        }
        return ids
    }

    private static func date(_ text: String) throws -> Date { try OperatorTime(argument: text).date }

    @Test("The trail is read in parts, each event once, ordered by time")
    func parts() async throws {
        try await Self.with { service, _ async throws in
            #expect(try await Self.read(service) == Array(1...11))
            for limit in 1...13 {
                #expect(try await Self.read(service, newest: Int64(limit)) == Array(Int64(max(1, 12 - limit))...11))
            }
        }
    }

    @Test("Events are filtered by time, kind and user, also combined")
    func narrowing() async throws {
        try await Self.with { service, _ async throws in
            let since = try Self.date("2026-01-14")
            let until = try Self.date("2026-01-18T12:00:00Z")
            #expect(try await Self.read(service, AuditQuery(since: since)) == Array(4...11))
            #expect(try await Self.read(service, AuditQuery(until: until)) == Array(1...7))
            #expect(try await Self.read(service, AuditQuery(since: since, until: until), newest: 2) == [6, 7])
            #expect(try await Self.read(service, AuditQuery(since: since, until: until), newest: 9) == Array(4...7))
            #expect(try await Self.read(service, AuditQuery(event: .signedOut)) == Array(7...11))
            for reference in [UserReference.id(Self.user), .email(try EmailAddress("ADA@example.com"))] {
                let subject = service.subject(reference)
                #expect(try await Self.read(service, AuditQuery(subject: subject)) == [1, 3, 5, 7, 9, 11])
                let query = AuditQuery(subject: subject, event: .signedOut, since: since, until: until)
                #expect(try await Self.read(service, query) == [7])
                #expect(try await Self.read(service, AuditQuery(subject: subject), newest: 2) == [9, 11])
            }
            let nobody = service.subject(.email(try EmailAddress("nobody@example.com")))
            #expect(try await Self.read(service, AuditQuery(subject: nobody)).isEmpty)
        }
    }

    @Test("An email address finds the events of its deleted account, and later attempts with the address")
    func deleted() async throws {
        try await Self.with { service, database async throws in
            let key = Self.keys.account(try EmailAddress(Self.email))
            let request = UserDeletionRequest(
                user: Self.user,
                email: Self.email,
                hasManySessions: false,
                trace: .operator
            )
            let store = UserDeletionStore(postgres: database.pool)
            let (ending, _) = try await store.delete(request, subject: key, at: .now)
            #expect(ending == .deleted)
            let failure = FailedSignIn(user: nil, subject: key, reason: .unknownAccount, trace: .operator)
            try await service.store.record(failure)
            let other = FailedSignIn(
                user: nil,
                subject: Self.keys.account(try EmailAddress("eve@example.com")),
                reason: .unknownAccount,
                trace: .operator
            )
            try await service.store.record(other)
            let subject = service.subject(.email(try EmailAddress(Self.email)))
            #expect(try await Self.read(service, AuditQuery(subject: subject)) == [1, 3, 5, 7, 9, 11, 12, 13])
        }
    }

    @Test("E4: After a key rotation, an email address finds attempts from before and after")
    func rotatedKey() async throws {
        try await Operators.with { operators in
            let email = try EmailAddress(Self.email)
            let newKey = "Another-key-of-enough-length-9f2c7b31e8"
            for key in [TestAPI.secretKey, newKey] {
                let subject = ThrottleKeys(secretKey: Secret(key)).account(email)
                try await AuditStore(postgres: operators.database.pool).record(
                    FailedSignIn(user: nil, subject: subject, reason: .unknownAccount, trace: .operator)
                )
            }
            let rotated = ["SECRET_KEY": newKey, "SECRET_KEY_PREVIOUS": TestAPI.secretKey]
            for (settings, expected) in [([:], [1]), (rotated, [1, 2])] as [([String: String], [Int64])] {
                let found = try await operators.run(settings) { service in
                    try await Self.read(service.audit, AuditQuery(subject: service.audit.subject(.email(email))))
                }
                #expect(found == expected)
            }
        }
    }
}
