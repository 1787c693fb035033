import ArgumentParser
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The arguments of the commands; their effects are tested from outside.
@Suite struct OperatorCommandTests {
    private static let id = "0B7B5E0C-57A4-4C5B-9A62-1D9C9A3A6E11"

    /// The exit status of a rejected call; nil when it would be executed.
    private func rejection(_ arguments: [String]) -> Int32? {
        do {
            _ = try AuthAPI.parseAsRoot(arguments)
            return nil
        } catch { return AuthAPI.exitCode(for: error).rawValue }
    }

    @Test(
        "A usage error has status 64 and changes nothing",
        arguments: [
            "user list --limit 0", "user list --limit 1001", "user list --limit -1", "user list --limit ten",
            "user list --after x", "user list --after", "session list --limit 0", "session list --after 17",
            "user create", "user create a@example.com", "user create a@example.com --name A --password secret",
            "user show", "user delete", "user end-sessions", "session end", "user frobnicate", "session frobnicate",
            "audit --limit 0", "audit --since yesterday", "audit --event x", "audit --since 1h --until 2h", "audit 7d",
        ]
    )
    func wrongCalls(call: String) {
        #expect(rejection(call.split(separator: " ").map(String.init)) == 64)
    }

    @Test(
        "A valid call is accepted",
        arguments: [
            "user list", "user list --limit 1000 --search ada --json --after \(id)",
            "session list --user a@example.com",
            "user show a@example.com --json", "user create a@example.com --name A", "user delete \(id) --yes",
            "user end-sessions \(id)", "session end \(id)", "doctor --json", "audit", "audit --user \(id) --json",
            "audit --since 2026-11-01 --until 24h --event signed_in --limit 1",
        ]
    )
    func rightCalls(call: String) {
        #expect(rejection(call.split(separator: " ").map(String.init)) == nil)
    }

    @Test("A list without options shows fifty rows, and reads one more to detect another page")
    func page() throws {
        let usual = try UserCommand.List.parse([])
        #expect(usual.list.page.limit == 51 && usual.list.page.after == nil && !usual.list.rows.json)
        let second = try SessionCommand.List.parse(["--limit", "2", "--after", Self.id.lowercased()])
        #expect(second.list.page.limit == 3 && second.list.page.after?.uuidString == Self.id)
    }

    @Test("A list shows the requested number of rows, and where to continue only if there are more")
    func parts() throws {
        struct Row: Encodable { let id: String }
        func part(_ count: Int, _ arguments: String...) throws -> (text: String, next: String?) {
            let rows = (0..<count).map { Row(id: "id-\($0)") }
            let call = try UserCommand.List.parse(["--limit", "2"] + arguments)
            return try call.list.text(of: rows, id: \.id, empty: "no user", titles: ["ID"], cells: { [$0.id] })
        }
        #expect(try part(3) == ("ID\nid-0\nid-1", "id-1"))
        #expect(try part(2) == ("ID\nid-0\nid-1", nil))
        #expect(try part(0) == ("no user", nil))
        // With --json, an empty list is printed.
        #expect(try part(0, "--json").text.filter { !$0.isWhitespace } == "[]")
        let json = try part(3, "--json")
        let decoded = try JSONDecoder().decode([[String: String]].self, from: Data(json.text.utf8))
        #expect(decoded == [["id": "id-0"], ["id": "id-1"]])
        #expect(json.next == "id-1")
    }

    @Test("A user is identified by email address or ID only")
    func reference() throws {
        #expect(try Operator.reference(" Ada@Example.com ") == .email(.init("ada@example.com")))
        #expect(try Operator.reference(Self.id).description == Self.id.lowercased())
        for text in ["", "ada", "ada@", Self.id.dropLast().description, "*", "%"] {
            let rejected = #expect(throws: ExitCode.self) { try Operator.reference(text) }
            #expect(rejected?.rawValue == 64, "\(text)")
        }
    }

    @Test("A2 A3: An invalid email address or name is rejected before asking for a password")
    func registrationWithoutPassword() throws {
        let long = String(repeating: "x", count: 500)
        for (email, name) in [("ada", "Ada"), ("ada@example.com", ""), ("ada@example.com", long)] {
            let rejected = #expect(throws: ExitCode.self) {
                _ = try UserCommand.Create.registration(email: email, name: name) {
                    Issue.record("a password was asked for")
                    return "Correct-Horse-7"
                }
            }
            #expect(rejected?.rawValue == 64)
        }
    }

    @Test("A3: The rules for passwords also apply to operators")
    func registrationRules() throws {
        for password in ["short", "alllowercase1", "ada@example.com", "Password1", String(repeating: "Aa1", count: 50)]
        {
            let rejected = #expect(throws: ExitCode.self, "\(password)") {
                _ = try UserCommand.Create.registration(email: "ada@example.com", name: "Ada") { password }
            }
            #expect(rejected?.rawValue == 64)
        }
        let good = try UserCommand.Create.registration(email: " ADA@example.com", name: "Ada") { "Correct-Horse-7" }
        #expect(good.email.value == "ada@example.com" && good.name.value == "Ada")
    }

    @Test("Old data cannot control the terminal")
    func shownHarmlessly() throws {
        let record = UserRecord(
            id: try #require(UUID(uuidString: Self.id)),
            email: "a\u{1B}]0;x\u{7}@example.com",
            name: "A\u{1B}[31m\nB",
            hasPassword: false,
            providers: [],
            emailVerifiedAt: nil,
            createdAt: .now,
            updatedAt: .now,
            sessions: 0
        )
        let lines = try record.text(json: false)
        #expect(lines.split(separator: "\n").count == 9)
        #expect(!lines.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        #expect(lines.contains("signs in by:     nothing") && lines.contains("email verified:  never"))
        #expect(try !record.text(json: true).contains("\u{1B}"))
    }
}
