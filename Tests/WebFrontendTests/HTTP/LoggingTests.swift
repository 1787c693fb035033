import InMemoryLogging
import Logging
import Shared
import Testing

@testable import WebFrontend

/// The contents of the log, and what it must not contain (requirements A4, E5).
@Suite struct LoggingTests {
    // A whole visit with many failures: of the visitor's input, the log contains only the request ID.
    @Test func nothingPrivateIsLogged() async throws {
        let handler = InMemoryLogHandler()
        var logger = Logger(label: "test") { _ in handler }
        logger.logLevel = .trace
        let unreachable = try await TestSite.abandonedAddress()
        for apiURL in [nil, unreachable] {
            try await TestSite.with(apiURL: apiURL, logger: logger) { site in
                let form: KeyValuePairs = [
                    "name": "Private Name", "email": "private@example.com", "password": "Private-Passw0rd",
                    "password_confirmation": "Private-Passw0rd", "return_to": "/private-path",
                ]
                let cookie = "access_token=live-private; other=private"
                _ = try await site.get("/login?return_to=/private-path", cookie: cookie)
                _ = try await site.post("/login", form, headers: ["User-Agent": "private-agent"])
                _ = try await site.post("/register", form)
                _ = try await site.post("/login", text: "email=private&email=private")
                _ = try await site.get("/account", cookie: cookie)
                _ = try await site.get("/private-path?private", cookie: cookie)
                _ = try await site.post("/logout", cookie: cookie)
            }
        }
        let lines = handler.entries.map { String(reflecting: $0) }
        #expect(lines.contains { $0.contains("/login") && $0.contains("request_id") })
        #expect(lines.filter { $0.lowercased().contains("private") } == [])
    }

    // E5: One line per request, with the router's route.
    @Test func everyRequestIsLogged() async throws {
        let handler = InMemoryLogHandler()
        let logger = Logger(label: "test") { _ in handler }
        try await TestSite.with(logger: logger) { site in
            _ = try await site.post(
                "/account/sessions/\(Sessions.other.id)/end",
                cookie: StubAuthAPI.cookie,
                headers: ["X-Request-ID": "0123456789abcdef"]
            )
        }
        let line = try #require(handler.entries.first { $0.message == "request" })
        #expect(line.metadata["route"] == "/account/sessions/{id}/end")
        #expect(line.metadata["method"] == "POST")
        #expect(line.metadata["status"]?.description == "303")
        #expect(line.metadata["request_id"] == "0123456789abcdef")
        #expect(line.metadata["duration_ms"] != nil)
    }
}
