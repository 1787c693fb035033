import Configuration
import Foundation
import Shared
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// E2, E3, A14: the API's settings.
@Suite struct APISettingsTests {
    private func faults(_ environment: [String: String]) -> [String] {
        do {
            let provider = EnvironmentVariablesProvider(environmentVariables: environment)
            _ = try APISettings(from: SettingsReader(ConfigReader(provider: provider)))
            return []
        } catch let faults as SettingsFaults {
            return faults.lines
        } catch {
            return ["\(error)"]
        }
    }

    private static let good = ["SECRET_KEY": TestAPI.secretKey, "DATABASE_URL": "postgresql://u:p@localhost/db"]

    private func names(_ changes: [String: String]) -> [String] {
        faults(Self.good.merging(changes) { $1 }).map { String($0.prefix { $0 != ":" }) }
    }

    @Test("The defaults are complete except for the secrets")
    func defaults() throws {
        #expect(faults(Self.good).isEmpty)
        #expect(faults([:]).map { $0.prefix { $0 != ":" } } == ["DATABASE_URL", "SECRET_KEY"])
        let settings = try TestAPI.settings([:], databaseURL: "postgresql://u@h/d")
        #expect(settings.common.environment == .production)
        let provider = EnvironmentVariablesProvider(environmentVariables: Self.good)
        let plain = try APISettings(from: SettingsReader(ConfigReader(provider: provider)))
        #expect(plain.argon2 == Argon2Parameters(memoryKiB: 19456, iterations: 2, parallelism: 1))
        #expect(plain.port == 8000 && plain.host == .anyIPv4 && plain.migrateOnStart)
    }

    @Test("The database can be given in parts")
    func parts() {
        let parts = ["SECRET_KEY": TestAPI.secretKey, "POSTGRES_PASSWORD": "pässwörd @:/?#% Zr5Lw8Yp1Nc6Hd4Fb0S"]
        #expect(faults(parts.mapValues { $0.replacing("pässwörd", with: "pässwör9") }).isEmpty)
    }

    @Test("D6: One role, or a serving role and an owner; a missing part of the second is named")
    func roles() throws {
        let password = "k3Jx9Qm2Vt7Zr5Lw8Yp1Nc6Hd4Fb0SgAb"
        func roles(_ settings: [String: String]) throws -> [String?] {
            let provider = EnvironmentVariablesProvider(
                environmentVariables: settings.merging(["SECRET_KEY": TestAPI.secretKey]) { $1 }
            )
            let database = try APISettings(from: SettingsReader(ConfigReader(provider: provider))).database
            return [database.serving.user, database.owner?.user]
        }
        let url = "postgresql://api:p@h/d"
        #expect(try roles(["DATABASE_URL": url]) == ["api", nil])
        #expect(try roles(["DATABASE_URL": url, "MIGRATION_DATABASE_URL": "host=h user=own"]) == ["api", "own"])
        let one = ["POSTGRES_PASSWORD": password]
        #expect(try roles(one) == ["yoshikosan", nil])
        let api = ["POSTGRES_API_USER": "api", "POSTGRES_API_PASSWORD": password + "2"]
        #expect(try roles(api) == ["api", nil])
        #expect(try roles(api.merging(one) { $1 }) == ["api", "yoshikosan"])
        // The owner's password of an older deployment may be weak.
        #expect(try roles(api.merging(["POSTGRES_PASSWORD": "short"]) { $1 }) == ["api", "yoshikosan"])

        let alone = ["DATABASE_URL": "", "POSTGRES_PASSWORD": password]
        #expect(names(alone.merging(["POSTGRES_API_USER": "api"]) { $1 }) == ["POSTGRES_API_PASSWORD"])
        #expect(names(alone.merging(["POSTGRES_API_PASSWORD": password]) { $1 }) == ["POSTGRES_API_USER"])
        #expect(
            names(alone.merging(api) { $1 }.merging(["POSTGRES_API_PASSWORD": "short"]) { $1 }) == [
                "POSTGRES_API_PASSWORD"
            ]
        )
        #expect(names(["MIGRATION_DATABASE_URL": "mysql://h"]) == ["MIGRATION_DATABASE_URL"])
    }

    @Test("Five invalid settings give five lines")
    func five() {
        let lines = faults([
            "SECRET_KEY": "short", "DATABASE_URL": "mysql://u:hunter2@h/d", "API_PORT": "99999",
            "ALLOWED_ORIGINS": "*", "ARGON2_MEMORY_KIB": "1",
        ])
        #expect(lines.count == 5)
        #expect(!lines.joined().contains("hunter2") && !lines.joined().contains("short\""))
        // The system would choose another port at each start.
        #expect(names(["API_PORT": "0"]) == ["API_PORT"])
    }

    @Test(
        "E3: Short secrets and placeholders are rejected",
        arguments: [
            "", "short", "change-me-change-me-change-me-change-me", "your-secret-key-min-32-characters-long-here",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "12121212121212121212121212121212121212",
            "Please-Replace-This-0123456789-abcdef", "x2345678901234567890123456789password",
        ]
    )
    func weakSecrets(secret: String) {
        #expect(names(["SECRET_KEY": secret]) == ["SECRET_KEY"])
        if !secret.isEmpty {
            #expect(names(["SECRET_KEY_PREVIOUS": secret]) == ["SECRET_KEY_PREVIOUS"])
            #expect(!faults(Self.good.merging(["SECRET_KEY": secret]) { $1 }).joined().contains(secret))
        }
    }

    @Test("E3: generate-secrets creates valid and different secrets")
    func generated() {
        let secrets = (0..<200).map { _ in Base64URL.random256Bits() }
        #expect(Set(secrets).count == 200)
        for secret in secrets {
            #expect(secret.count == 43)
            #expect(SecretStrength.weakness(of: Secret(secret)) == nil)
        }
    }

    @Test("The previous key must differ from the key")
    func samePrevious() {
        #expect(names(["SECRET_KEY_PREVIOUS": TestAPI.secretKey]) == ["SECRET_KEY_PREVIOUS"])
    }

    @Test(
        "A14: ALLOWED_ORIGINS accepts exact origins only",
        arguments: [
            "*", "https://*.example.com", "example.com", "https://example.com/path", "null", "https://ok.example, *",
        ]
    )
    func origins(value: String) { #expect(names(["ALLOWED_ORIGINS": value]) == ["ALLOWED_ORIGINS"]) }
}
