import Configuration
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E2, E3: the settings of providers.
@Suite struct ProviderSettingsTests {
    private static let google = ["GOOGLE_CLIENT_ID": "g.apps.example", "GOOGLE_CLIENT_SECRET": "GOCSPX-a_b"]
    private static let discord = ["DISCORD_CLIENT_ID": "1234567890", "DISCORD_CLIENT_SECRET": "d-secret"]

    private static let github = ["GITHUB_CLIENT_ID": "Ov23li", "GITHUB_CLIENT_SECRET": "h-secret"]

    private func settings(_ environment: [String: String]) throws -> APISettings {
        try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
    }

    private func faults(_ environment: [String: String]) -> [String] {
        do {
            _ = try settings(environment)
            return []
        } catch let faults as SettingsFaults {
            return faults.lines
        } catch {
            return ["\(error)"]
        }
    }

    @Test("A provider with neither ID nor secret is disabled")
    func off() throws {
        #expect(try settings([:]).providers.all.isEmpty)
        #expect(try settings(Self.google.mapValues { _ in "" }).providers.all.isEmpty)
        #expect(try settings(Self.discord).providers.all.map(\.key) == [.discord])
    }

    @Test("All are enabled, at their default URLs unless configured")
    func on() throws {
        let all = Self.google.merging(Self.discord) { $1 }.merging(Self.github) { $1 }
        let providers = try settings(all).providers
        #expect(providers.all.map(\.key) == [.google, .discord, .github])
        #expect(providers[.github]?.address.description == "https://github.com")
        #expect(providers[.github]?.issuer == "https://github.com")
        #expect(providers[.google]?.clientID == "g.apps.example")
        #expect(providers[.google]?.clientSecret.value == "GOCSPX-a_b")
        #expect(providers[.google]?.address.description == "https://accounts.google.com")
        #expect(providers[.discord]?.clientID == "1234567890")
        #expect(providers[.discord]?.address.description == "https://discord.com")
    }

    @Test("An ID without a secret, or the reverse, is an error that names the missing one")
    func halves() {
        for (given, missing) in [
            ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"), ("GOOGLE_CLIENT_SECRET", "GOOGLE_CLIENT_ID"),
            ("DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET"), ("DISCORD_CLIENT_SECRET", "DISCORD_CLIENT_ID"),
            ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"), ("GITHUB_CLIENT_SECRET", "GITHUB_CLIENT_ID"),
        ] {
            let lines = faults([given: "x"])
            #expect(lines.count == 1)
            #expect(lines[0].hasPrefix("\(missing): is required with \(given)"))
        }
    }

    @Test("A secret may come from a file; one that cannot be read is one fault")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data("from-a-file\n".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        var environment = ["GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET_FILE": path.path()]
        #expect(try settings(environment).providers[.google]?.clientSecret.value == "from-a-file")
        environment["GOOGLE_CLIENT_SECRET_FILE"] = "/nonexistent"
        #expect(faults(environment).map { $0.prefix { $0 != ":" } } == ["GOOGLE_CLIENT_SECRET"])
    }

    @Test(
        "A value that cannot be sent in a header is rejected and not repeated",
        arguments: ["a b", "sécret", "a\u{0}b", "line\nbreak", "\"quoted\"", "'quoted'"]
    )
    func unprintable(value: String) {
        let environment = Self.google.merging(["GOOGLE_CLIENT_ID": value, "GOOGLE_CLIENT_SECRET": value]) { $1 }
        let lines = faults(environment)
        #expect(lines.map { $0.prefix { $0 != ":" } } == ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"])
        #expect(!lines.joined().contains(value))
    }

    @Test(
        "URLs must use https, or http on this machine",
        arguments: [
            "http://accounts.google.com", "http://10.0.0.5:8080", "http://127.0.0.1.evil.example", "http://127.1",
            "http://0x7f.0.0.1", "accounts.google.com", "ftp://127.0.0.1", "https://user@idp.example", "https://",
            "https://idp.example/?a=b", "https://idp.example/#a", "https://idp.example:0", "http://stand-in:8080",
        ]
    )
    func addresses(address: String) {
        for name in ["GOOGLE_ISSUER", "DISCORD_BASE_URL", "GITHUB_URL"] {
            let all = [Self.google, Self.discord, Self.github, [name: address]].reduce(into: [:]) { all, each in
                all.merge(each) { $1 }
            }
            #expect(faults(all).map { $0.prefix { $0 != ":" } } == ["\(name)"[...]])
        }
    }

    @Test(
        "Test providers use http on this machine, others https, optionally with a path",
        arguments: [
            "http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "https://idp.example/realms/a",
            "https://idp.example:8443", "http://127.8.9.1/a/",
        ]
    )
    func goodAddresses(address: String) throws {
        let environment = Self.google.merging(["GOOGLE_ISSUER": address]) { $1 }
        #expect(try settings(environment).providers[.google]?.address.description == address)
    }

    @Test("check-config prints the callback URLs to register")
    func callbacks() throws {
        let environment = Self.google.merging(["PUBLIC_URL": "https://yoshikosan.example"]) { $1 }
        let lines = try settings(environment).callbackLines
        #expect(lines.count == 4)
        #expect(lines[0].hasSuffix(": https://yoshikosan.example/api/auth/callback/google"))
        #expect(lines[1] == "sign-in through Discord is off")
        #expect(lines[2] == "sign-in through GitHub is off")
        #expect(lines[3] == "sign-in through LINE is off")
    }
}
