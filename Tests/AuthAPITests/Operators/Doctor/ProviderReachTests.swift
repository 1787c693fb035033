import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A10: Whether the enabled providers work, with real servers.
@Suite struct ProviderReachTests {
    private static func findings(
        _ environment: [String: String],
        timeout: Duration = .seconds(20),
        ahead: TimeInterval = 0
    ) async throws -> [Finding] {
        let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
        return await ProviderReach(
            providers: settings.providers.all,
            timeout: timeout,
            now: { Date.now.addingTimeInterval(ahead) }
        ).findings()
    }

    /// The findings when an endpoint of both providers responds differently.
    private static func findings(
        timeout: Duration = .seconds(20),
        ahead: TimeInterval = 0,
        _ endpoint: MockProvider.Endpoint = .discovery,
        _ change: @escaping @Sendable (inout MockResponse) -> Void = { _ in }
    ) async throws -> [Finding] {
        await TestGate.providers.enter()
        defer { Task { await TestGate.providers.leave() } }
        return try await MockProvider.with { mock in
            mock.change(endpoint, change)
            let found = try await findings(mock.environment, timeout: timeout, ahead: ahead)
            // Only the one request is sent, without secrets.
            #expect(mock.requests.allSatisfy { $0.body.isEmpty && $0.headers[.authorization] == nil })
            #expect(mock.count(.trap) == 0)
            return found
        }
    }

    @Test("A10 Working providers have no problems")
    func good() async throws {
        let found = try await Self.findings()
        #expect(found.map(\.subject) == ["Google", "clock", "Discord", "clock"])
        #expect(found.allSatisfy { $0.level == .ok }, "\(found)")
        #expect(found[0].message.hasSuffix("/.well-known/openid-configuration responds; its issuer and keys are valid"))
        #expect(found[1].message == "agrees with that of Google" && found[3].message == "agrees with that of Discord")
    }

    @Test("Without an enabled provider no request is sent")
    func off() async throws {
        #expect(try await Self.findings([:]).isEmpty)
    }

    @Test("A10 An unreachable provider is a network problem, and does not affect the other")
    func unreachable() async throws {
        let found = try await Self.findings([
            "GOOGLE_CLIENT_ID": "id", "GOOGLE_CLIENT_SECRET": "secret", "GOOGLE_ISSUER": "http://127.0.0.1:1",
        ])
        #expect(found.map(\.subject) == ["Google"] && found[0].level == .fix)
        #expect(found[0].message.contains("cannot be reached") && found[0].advice?.contains("firewall") == true)
        let closed = try await Self.findings { $0.delivery = .closed }
        #expect(try Finding.only("Google", in: closed).level == .fix)
        #expect(try Finding.only("Discord", in: closed).level == .ok)
    }

    @Test("A10 A response that does not arrive or end times out", arguments: [true, false])
    func slow(isHeld: Bool) async throws {
        let found = try await Self.findings(timeout: .milliseconds(500)) { $0.delivery = isHeld ? .held : .stalled }
        let google = try Finding.only("Google", in: found)
        #expect(google.level == .fix && google.message.contains("did not respond in time"))
    }

    @Test(
        "A11 An unusable discovery document is reported with GOOGLE_ISSUER",
        arguments: [
            ("another issuer", "issuer", "https://evil.example"), ("another issuer", "issuer", ""),
            ("not allowed", "token_endpoint", "http://169.254.169.254/"),
            ("not allowed", "jwks_uri", "/keys"), ("not the expected JSON", "jwks_uri", nil),
        ]
    )
    func wrongDocument(reason: String, field: String, value: String?) async throws {
        let found = try await Self.findings { response in response.edit { $0[field] = value } }
        let google = try Finding.only("Google", in: found)
        #expect(google.level == .fix && google.message.contains(reason))
        #expect(google.advice?.contains("GOOGLE_ISSUER") == true)
        // The response still contains the time.
        #expect(found.contains { $0.message == "agrees with that of Google" })
    }

    @Test("A11 A response without a document is reported, and redirects are not followed")
    func noDocument() async throws {
        let changes: [(String, @Sendable (inout MockResponse) -> Void)] = [
            ("rejected the request", { $0.status = 404 }), ("internal error", { $0.status = 503 }),
            ("not JSON", { $0.headers[.contentType] = "text/html" }), ("too long", { $0.delivery = .endless }),
            ("redirects", { $0.redirect(to: MockProvider.Endpoint.trap.rawValue) }),
        ]
        for (reason, change) in changes {
            let google = try Finding.only("Google", in: try await Self.findings(.discovery, change))
            #expect(google.level == .fix && google.message.contains(reason), "\(google)")
        }
    }

    @Test("A10 A wrong DISCORD_BASE_URL is named")
    func discord() async throws {
        let found = try Finding.only("Discord", in: try await Self.findings(.discordGateway) { $0.status = 404 })
        #expect(found.level == .fix && found.advice?.contains("DISCORD_BASE_URL") == true)
        #expect(found.message.contains("/api/v10/gateway"))
    }

    @Test("A10 A public address of GitHub is requested, and a wrong GITHUB_URL is named")
    func github() async throws {
        await TestGate.providers.enter()
        defer { Task { await TestGate.providers.leave() } }
        try await MockProvider.with { mock in
            let good = try await Self.findings(mock.githubEnvironment)
            #expect(good.map(\.subject) == ["GitHub", "clock"] && good.allSatisfy { $0.level == .ok }, "\(good)")
            #expect(good[0].message == "\(mock.address)/api/v3/meta responds")
            mock.change(.githubMeta) { $0.status = 404 }
            let bad = try await Self.findings(mock.githubEnvironment)
            #expect(bad.first?.level == .fix && bad.first?.advice?.contains("GITHUB_URL") == true)
            #expect(mock.requests.allSatisfy { $0.headers[.authorization] == nil })
        }
    }

    @Test(
        "A11 A wrong clock is detected with the providers' responses",
        arguments: [(90.0, "ahead of"), (-90.0, "behind")]
    )
    func skew(ahead: TimeInterval, side: String) async throws {
        let clocks = try await Self.findings(ahead: ahead).filter { $0.subject == "clock" }
        #expect(clocks.map(\.level) == [.fix, .fix])
        for clock in clocks {
            #expect(clock.message.contains("seconds \(side) ") && clock.advice?.contains("NTP") == true)
            // The header has whole seconds, and the response takes time.
            let seconds = try #require(clock.message.split(separator: " ").compactMap { Double($0) }.first)
            #expect(abs(seconds - 90) < 20)
        }
    }
}
