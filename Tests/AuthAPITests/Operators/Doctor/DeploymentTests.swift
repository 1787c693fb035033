import Configuration
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E2: the doctor on whole deployments, good and bad.
@Suite struct DeploymentTests {
    private static func findings(_ environment: [String: String]) async -> [Finding] {
        let provider = EnvironmentVariablesProvider(environmentVariables: environment)
        return await Doctor(
            reader: SettingsReader(ConfigReader(provider: provider)),
            logger: TestDatabase.silentLogger,
            timeout: .seconds(60)
        ).findings()
    }

    /// A key in a file with the given mode.
    private static func withKeyFile(mode: Int, _ body: (String) async throws -> Void) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "yoshikosan-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(TestAPI.secretKey.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path())
        try await body(file.path())
    }

    @Test("E2 A good deployment: every part is checked, without problems")
    func good() async throws {
        try await OAuthSite.with { site in
            try await Self.withKeyFile(mode: 0o400) { key in
                var environment = site.mock.environment
                environment["SECRET_KEY_FILE"] = key
                environment["DATABASE_URL"] = site.api.database.servingURL
                environment["PUBLIC_URL"] = "https://site.example"
                environment["API_HOST"] = "127.0.0.1"
                let found = await Self.findings(environment)
                #expect(found.filter { $0.level == .fix } == [])
                #expect(found.first == .ok("settings", "complete and valid"))
                let subjects = Set(found.map(\.subject))
                #expect(
                    subjects.isSuperset(of: ["secrets", "PUBLIC_URL", "cookie", "Google", "Discord", "privileges"])
                )
                let callback = "https://site.example/api/auth/callback/discord"
                #expect(found.contains { $0.subject == "Discord" && $0.message.hasSuffix(callback) })
                // No finding contains a secret.
                #expect(!"\(found)".contains(TestAPI.secretKey) && !"\(found)".contains(MockProvider.clientSecret))
            }
        }
    }

    @Test("E2 A bad deployment: all problems are reported at once, each with its fix")
    func bad() async throws {
        try await TestDatabase.with(migrated: false) { database in
            try await Self.withKeyFile(mode: 0o644) { key in
                let found = await Self.findings([
                    "SECRET_KEY_FILE": key, "DATABASE_URL": database.url, "API_HOST": "127.0.0.1",
                    "PUBLIC_URL": "http://site.example:6666",
                    "LOG_LEVEL": "LOUD", "DATABASE_POOL_SIZE": "many", "GOOGLE_CLIENT_ID": "id",
                    "DISCORD_CLIENT_ID": "id", "DISCORD_CLIENT_SECRET": "secret",
                    "DISCORD_BASE_URL": "http://127.0.0.1:1",
                ])
                let faults = found.filter { $0.level == .fix }
                #expect(
                    Set(faults.map(\.subject)) == [
                        "settings", "secrets", "PUBLIC_URL", "cookie", "Discord", "schema", "privileges",
                    ]
                )
                #expect(faults.allSatisfy { $0.advice?.isEmpty == false })
                let settings = faults.filter { $0.subject == "settings" }
                for name in ["LOG_LEVEL", "DATABASE_POOL_SIZE", "GOOGLE_CLIENT_SECRET"] {
                    let fault = settings.first { $0.message.hasPrefix("\(name): ") }
                    #expect(fault?.advice == ".env.example describes \(name)", "\(settings)")
                }
            }
        }
    }

    @Test("E2 Without settings, the doctor reports what is missing and what was not checked")
    func nothing() async throws {
        let found = await Self.findings([:])
        #expect(found.contains(.note("database", "not checked: the settings do not name it")))
        #expect(found.contains { $0.level == .fix && $0.message.hasPrefix("SECRET_KEY: ") })
        #expect(found.contains { $0.level == .fix && $0.message.hasPrefix("DATABASE_URL: ") })
    }

    @Test("A finding is a line with the fix below; text from outside cannot control the terminal")
    func lines() throws {
        #expect(Finding.ok("version", "PostgreSQL 17.2").description == "ok    version         PostgreSQL 17.2")
        let fix = Finding.fix("clock", "off\u{1B}[2J\nFIX", "let it keep time")
        #expect(fix.description == "FIX   clock           off?[2J?FIX\n                      → let it keep time")
        #expect(Finding.note("a very long subject", "x").description == "note  a very long subject  x")
        let json = try JSONText.of([fix])
        let decoded = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: String]]
        )
        let expected = ["level": "fix", "subject": "clock", "message": fix.message, "advice": "let it keep time"]
        #expect(decoded == [expected])
    }
}
