import ArgumentParser
import Foundation
import Testing

@testable import AuthAPI

/// How `AuthAPI audit` prints events.
@Suite struct AuditCommandTests {
    private static func record(_ event: String, email: String? = nil, user: String? = nil, agent: String? = nil)
        -> AuditRecord
    {
        AuditRecord(
            id: 1,
            occurredAt: Date(timeIntervalSince1970: 1_800_000_000),
            event: event,
            user: user,
            email: email,
            subject: "01" + String(repeating: "ab", count: 32),
            provider: event == "provider_linked" ? "google" : nil,
            detail: event == "signed_in" ? nil : "by_owner",
            session: nil,
            device: nil,
            address: "2001:db8::7",
            userAgent: agent,
            requestID: "0123456789abcdef"
        )
    }

    @Test("A line names its subject by email address, otherwise by ID, otherwise by hash")
    func lines() throws {
        let id = "0b7b5e0c-57a4-4c5b-9a62-1d9c9a3a6e11"
        let part = [
            Self.record("signed_in", email: "ada@example.com", user: id, agent: "A\u{1B}[31m\nB"),
            Self.record("provider_linked", user: id), Self.record("sign_in_failed"),
        ]
        let command = try AuditCommand.parse([])
        let first = try command.text(of: part, isFirst: true).split(separator: "\n").map { $0.split(separator: " ") }
        #expect(first[0] == ["TIME", "EVENT", "HOW", "USER", "ADDRESS", "REQUEST", "SESSION", "BROWSER"])
        let time: Substring = "2027-01-15T08:00:00Z"
        let from: [Substring] = ["2001:db8::7", "0123456789abcdef", "-"]
        #expect(first[1] == [time, "signed_in", "password", "ada@example.com"] + from + ["A?[31m?B"])
        #expect(first[2] == [time, "provider_linked", "google", "by_owner", Substring(id)] + from + ["-"])
        #expect(first[3] == [time, "sign_in_failed", "by_owner", "#abababababab"] + from + ["-"])
        // A part that is not the first one has no titles.
        #expect(try command.text(of: part, isFirst: false).split(separator: "\n").count == 3)
    }

    @Test("With --json, each event is one line, even if a client sent control characters")
    func json() throws {
        let part = [Self.record("signed_in", agent: "A\u{1B}[31m\nB"), Self.record("sign_in_failed")]
        let lines = try AuditCommand.parse(["--json"]).text(of: part, isFirst: true).split(separator: "\n")
        #expect(lines.count == 2 && !lines[0].contains("\u{1B}"))
        let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(object?["user_agent"] as? String == "A\u{1B}[31m\nB")
        #expect(object?["occurred_at"] as? String == "2027-01-15T08:00:00Z")
        #expect(object?["request_id"] as? String == "0123456789abcdef")
    }
}
