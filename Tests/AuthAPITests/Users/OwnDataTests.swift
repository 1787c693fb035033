import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Changing the name, and downloading the data.
@Suite struct OwnDataTests {
    @Test("A new name is shown on every device; an unchanged name records no event")
    func changesName() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            let other = api.client()
            _ = try await other.post(APIPath.login, ["email": "ada@example.com", "password": "Correct-Horse-7"])
            let events = try await expectEvents(["name_changed"], status: 200, in: api.database) {
                try await owner.post(APIPath.name, ["name": " 山田 花子 "], headers: Visitor.headers)
            }
            #expect(events[0].user != nil && events[0].session != nil)
            for client in [owner, other] {
                let user: UserBody = try await client.get(APIPath.me).decoded()
                #expect(user.name == "山田 花子")
            }
            let again = try await expectEvents([], status: 200, in: api.database) {
                try await owner.post(APIPath.name, ["name": "山田 花子"], headers: Visitor.headers)
            }
            #expect(again.isEmpty)
        }
    }

    @Test("The rules of registration apply to a name; other users' names cannot be changed")
    func nameRules() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            for (name, code) in [
                ("", "required"), ("\u{202E}x", "invalid_character"), (String(repeating: "x", count: 201), "too_long"),
            ] {
                let response = try await owner.post(APIPath.name, ["name": name])
                #expect(response.status == 422)
                #expect(try response.fieldCodes == ["name \(code)"])
            }
            let anonymous = try await api.client().post(APIPath.name, ["name": "Eve"])
            #expect(anonymous.status == 401)
            let elsewhere = [("Origin", "https://evil.example")]
            let crossSite = try await owner.post(APIPath.name, ["name": "Eve"], headers: elsewhere)
            #expect(crossSite.status == 403)
            #expect(try await api.database.sql("SELECT name FROM users") == "Ada")
        }
    }

    @Test("The file contains account, identities, sessions and events of the user only")
    func download() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            _ = try await site.api.registered(email: "eve@example.com", name: "Eve")
            let response = try await owner.get(APIPath.data, headers: Visitor.headers)
            #expect(response.status == 200)
            #expect(response.header("Content-Disposition") == #"attachment; filename="yoshikosan-data.json""#)
            #expect(response.header("Cache-Control") == "no-store")
            let file = try JSONValue(parsing: Array(response.body))
            let account = try #require(file["account"])
            #expect(account["email"]?.text == "ada@example.com" && account["has_password"] == .bool(false))
            #expect(account["email_verified_at"]?.text != nil)
            #expect(file["identities"]?.elements.map { $0["provider_user_id"]?.text } == ["110169484474386276334"])
            #expect(file["sessions"]?.elements.count == 1)
            let events = file["events"]?.elements.compactMap { $0["event"]?.text } ?? []
            #expect(events == ["data_downloaded", "signed_in", "provider_linked", "registered"])
            #expect(file["events_total"]?.integer == 4)
            #expect(file["events"]?.elements.first?["ip_address"]?.text == Visitor.address)
            // Data that users do not need: hashes and tokens of any kind.
            let token = try #require(owner.token)
            for secret in [token, "eve@example.com", "$argon2", "access-", "token"] {
                #expect(!response.text.contains(secret), "\(secret)")
            }
        }
    }

    @Test("The file contains disconnected identities")
    func disconnected() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.discord, in: owner)
            let id = try #require(try await site.methods(of: owner).identities.first?.id)
            _ = try await owner.delete(APIPath.identity(id))
            let file = try JSONValue(parsing: Array(try await owner.get(APIPath.data).body))
            let identity = try #require(file["identities"]?.elements.first)
            #expect(identity["provider"]?.text == "discord" && identity["email"] == .null)
            #expect(identity["disconnected_at"]?.text != nil && identity["linked_at"] == .null)
        }
    }

    @Test("Of very many events, the file has the newest and the total")
    func manyEvents() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            try await api.database.sql(
                """
                INSERT INTO audit_events (event, user_id, occurred_at)
                SELECT 'signed_out', id, now() - number * interval '1 second' FROM users, generate_series(1, 6000) AS number
                """
            )
            let file = try JSONValue(parsing: Array(try await owner.get(APIPath.data).body))
            #expect(file["events"]?.elements.count == 5000)
            #expect(file["events_total"]?.integer == 6003)
            #expect(file["events"]?.elements.first?["event"]?.text == "data_downloaded")
        }
    }

    @Test("Changes of name and downloads are limited by user")
    func limited() async throws {
        try await TestAPI.with { api in
            let owner = try await api.registered()
            var statuses: [Int] = []
            for number in 1...16 {
                statuses.append(try await owner.post(APIPath.name, ["name": "Ada \(number)"]).status)
                statuses.append(try await owner.get(APIPath.data).status)
            }
            #expect(statuses == Array(repeating: 200, count: 30) + [429, 429])
            let other = try await api.registered(email: "eve@example.com")
            let response = try await other.get(APIPath.data)
            #expect(response.status == 200)
            api.clock.advance(by: 600)
            let later = try await owner.get(APIPath.data)
            #expect(later.status == 200)
        }
    }
}
