import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// N3 A17: Detection of a proxy that hides client addresses, from the sessions.
@Suite struct VisitorTests {
    /// That many users, each signed in from each of the addresses, that many days ago.
    private static func signIns(_ users: Int, from addresses: [String], daysAgo: Int = 0) -> String {
        """
        INSERT INTO users (email, name) SELECT 'u' || n || '@example.com', 'U' FROM generate_series(1, \(users)) AS n;
        INSERT INTO sessions (user_id, token_hash, created_at, expires_at, ip_address)
        SELECT id, sha256((id::text || address)::bytea), now() - \(daysAgo) * interval '1 day',
            now() + interval '1 day', address
        FROM users CROSS JOIN unnest('{\(addresses.joined(separator: ","))}'::text[]) AS address
        """
    }

    private static func finding(after sql: String, at url: String) async throws -> Finding {
        try await TestDatabase.with { database in
            try await database.sql(sql)
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            let found = try await DatabaseHealthTests.findings(serving, url: url)
            return try #require(found.first { $0.subject == "visitors" })
        }
    }

    @Test("N3 Five users at one address indicate a proxy that hides client addresses, on any site")
    func manyAtOneAddress() async throws {
        for url in ["https://site.example", "http://localhost:8080"] {
            let found = try await Self.finding(after: Self.signIns(5, from: ["203.0.113.9"]), at: url)
            #expect(found.level == .fix && found.advice?.contains("TRUSTED_PROXIES") == true)
            #expect(found.message == "all 5 users of this week appear to come from 203.0.113.9")
        }
    }

    @Test(
        "N3 On a public site, one private address indicates a proxy; one public address does not",
        arguments: [
            ("172.18.0.1", true), ("10.1.2.3", true), ("192.168.0.9", true), ("172.31.255.1", true),
            ("127.0.0.1", true),
            ("::1", true), ("fd00::1", true), ("172.15.0.1", false), ("172.32.0.1", false), ("203.0.113.9", false),
            ("2001:db8::1", false),
        ]
    )
    func privateAddress(address: String, isProxy: Bool) async throws {
        let found = try await Self.finding(after: Self.signIns(1, from: [address]), at: "https://site.example")
        #expect(found.level == (isProxy ? .fix : .ok))
        #expect(found.message.contains(isProxy ? "appears to come from \(address)" : "too few sign-ins"))
    }

    @Test(
        "N3 On the developer's machine, a private address is normal",
        arguments: ["http://localhost:8080", "https://127.0.0.1"]
    )
    func ownMachine(url: String) async throws {
        let found = try await Self.finding(after: Self.signIns(4, from: ["127.0.0.1"]), at: url)
        #expect(found == .ok("visitors", "too few sign-ins this week to detect a proxy that hides client addresses"))
    }

    @Test("N3 Several addresses are normal; sessions older than a week do not count")
    func several() async throws {
        let addresses = ["203.0.113.9", "203.0.113.10", "172.18.0.1"]
        let fine = try await Self.finding(after: Self.signIns(6, from: addresses), at: "https://site.example")
        #expect(fine == .ok("visitors", "18 sessions of this week came from 3 addresses"))
        let old = Self.signIns(6, from: ["172.18.0.1"], daysAgo: 8)
        let none = try await Self.finding(after: old, at: "https://site.example")
        #expect(none == .ok("visitors", "0 sessions of this week came from 0 addresses"))
    }
}
