import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E5: The log of a sign-in.
@Suite struct LogTests {
    @Test("E5: no email, password, token, name, address or query string is in any line")
    func discretion() async throws {
        try await TestAPI.with { api in
            let email = "very.private@example.com"
            let password = "Very-Secret-Passw0rd"
            let client = try await api.registered(email: email, password: password, name: "Ada Hushhush")
            let token = try #require(client.token)
            let login = ["email": email, "password": password]
            let address = [("X-Real-IP", "203.0.113.99")]
            _ = try await api.client().post(APIPath.login, login, headers: address)
            _ = try await api.client().post(APIPath.login, login.merging(["password": "Wrong-\(password)"]) { $1 })
            _ = try await api.client().post(APIPath.register, login.merging(["name": "Ada Hushhush"]) { $1 })
            _ = try await api.client().post(APIPath.register, ["email": password, "password": email, "name": token])
            _ = try await api.client().post(APIPath.login, json: "{\"email\":\"\(email)\",\"password\":\"\(password)\"")
            _ = try await client.get("\(APIPath.me)?token=\(token)&email=\(email)")
            _ = try await client.get("/\(token)/\(email)?q=\(password)")
            _ = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(token)x")])
            _ = try await client.get(APIPath.sessions)
            _ = try await client.post(APIPath.logout, json: "")
            try await api.database.sql("ALTER TABLE users RENAME TO gone")
            #expect(try await api.client().post(APIPath.login, login).status == 503)
            let hash = try #require(try await api.database.sql("SELECT password_hash FROM gone"))

            let text = api.logs.all.joined()
            #expect(api.logs.all.filter { $0.contains("\"message\":\"request\"") }.count >= 12)
            let parts = token.split(separator: ".").map(String.init)
            for secret in [
                email, "very.private", password, "Very-Secret", "Hushhush", "q=", "token=", TestAPI.secretKey, hash,
                "$argon2id", "203.0.113.99", parts[1], parts[2],
            ] {
                #expect(!text.contains(secret), "a log line contains \(secret.prefix(12))…")
            }
        }
    }

    @Test("E5: The line of a request has request ID, method, route, status and duration")
    func fields() async throws {
        try await TestAPI.with { api in
            let id = "0123456789abcdef0123456789abcdef"
            _ = try await api.client().delete(
                APIPath.session("0b7c9a86-58a5-4c0e-9b57-3d5a3e1f1c11"),
                headers: [("X-Request-ID", id)]
            )
            let line = try #require(api.logs.all.first { $0.contains("\"message\":\"request\"") })
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["request_id"] as? String == id)
            #expect(object["method"] as? String == "DELETE")
            #expect(object["route"] as? String == "/api/auth/sessions/{id}")
            #expect(object["status"] as? Int == 401)
            #expect(object["duration_ms"] is Double)
            #expect(object["level"] as? String == "INFO")
            #expect(object["timestamp"] is String)
        }
    }
}
