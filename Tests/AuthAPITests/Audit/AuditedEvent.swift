import Foundation
import Testing

@testable import AuthAPI

/// A stored event.
struct AuditedEvent: Decodable, Sendable {
    let event: String
    let user: String?
    let subject: String?
    let period: Int64?
    let detail: String?
    let provider: String?
    let session: String?
    let device: String?
    let address: String?
    let agent: String?
    let request: String?

    /// The event's name and method: `signed_in google`.
    var summary: String { [event, provider, detail].compactMap(\.self).joined(separator: " ") }
}

extension TestDatabase {
    /// The events so far, oldest first.
    func events() async throws -> [AuditedEvent] {
        let text = try await sql(
            """
            SELECT json_agg(json_build_object(
                'event', event, 'user', user_id, 'subject', encode(subject, 'hex'), 'period', period,
                'detail', detail, 'provider', provider, 'session', session_id, 'device', device_id,
                'address', address, 'agent', user_agent, 'request', request_id
            ) ORDER BY id) FROM audit_events
            """
        )
        guard let text, !text.isEmpty else { return [] }
        return try JSONDecoder().decode([AuditedEvent].self, from: Data(text.utf8))
    }

    /// The events of a request.
    func events(
        by request: () async throws -> TestResponse
    ) async throws -> (events: [AuditedEvent], response: TestResponse) {
        let before = try await events().count
        let response = try await request()
        return (Array(try await events().dropFirst(before)), response)
    }
}

/// A browser at an address.
enum Visitor {
    static let address = "203.0.113.7"
    static let agent = "Browser/1.0 (test)"
    /// Its headers from the reverse proxy and the browser.
    static let headers = [("X-Real-IP", address), ("User-Agent", agent)]
}

/// Expects that a request of the visitor caused exactly these events, with its origin.
@discardableResult
func expectEvents(
    _ summaries: [String],
    status: Int,
    in database: TestDatabase,
    sourceLocation: SourceLocation = #_sourceLocation,
    by request: () async throws -> TestResponse
) async throws -> [AuditedEvent] {
    let (events, response) = try await database.events(by: request)
    #expect(response.status == status, sourceLocation: sourceLocation)
    #expect(events.map(\.summary) == summaries, sourceLocation: sourceLocation)
    let id = try #require(response.header("X-Request-ID"), sourceLocation: sourceLocation)
    for event in events {
        #expect(event.address == Visitor.address, sourceLocation: sourceLocation)
        #expect(event.agent == Visitor.agent, sourceLocation: sourceLocation)
        #expect(event.request == id, sourceLocation: sourceLocation)
    }
    return events
}
