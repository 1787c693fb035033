import Configuration
import Foundation
import Logging
import Testing

@testable import Shared

/// E2, E3: settings are checked together, and secrets can come from files.
@Suite struct SettingsReaderTests {
    private func reader(_ environment: [String: String]) -> SettingsReader {
        SettingsReader(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    @Test("Every fault is remembered, and each line starts with the setting's name")
    func faultsTogether() throws {
        var reader = reader([
            "API_PORT": "eighty", "MIGRATE_ON_START": "maybe", "LOG_LEVEL": "LOUD", "PUBLIC_URL": "example.com/path",
            "DATABASE_POOL_SIZE": "0",
        ])
        _ = reader.integer(.apiPort, in: 1...65_535, default: 8000)
        _ = reader.boolean(.migrateOnStart, default: true)
        _ = CommonSettings(from: &reader)
        _ = reader.integer(.databasePoolSize, in: 1...100, default: 4)
        let settings = reader
        #expect(throws: SettingsFaults.self) { try settings.finish() }
        let names = settings.faults.map { String($0.prefix { $0 != ":" }) }
        #expect(names == ["API_PORT", "MIGRATE_ON_START", "PUBLIC_URL", "LOG_LEVEL", "DATABASE_POOL_SIZE"])
    }

    @Test("An empty value counts as absent")
    func empty() throws {
        var reader = reader(["API_PORT": "", "LOG_LEVEL": ""])
        #expect(reader.integer(.apiPort, in: 1...65_535, default: 8000) == 8000)
        #expect(CommonSettings(from: &reader).logLevel == .info)
        try reader.finish()
    }

    @Test("A secret comes from the file that NAME_FILE names, without its line break")
    func secretFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data("from the file\n".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        var reader = reader(["SECRET_KEY_FILE": path.path()])
        #expect(reader.secret(.secretKey)?.value == "from the file")
        try reader.finish()
    }

    @Test("W85: the former key that a rotation left beside SECRET_KEY_FILE is read; a setting goes before it")
    func previousKeyBesideTheKey() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = folder.appending(path: "secret_key")
        try Data("the key\n".utf8).write(to: key)
        var before = reader(["SECRET_KEY_FILE": key.path()])
        #expect(before.secret(.secretKeyPrevious) == nil && !before.isSet(.secretKeyPrevious))
        try before.finish()

        let previous = key.path() + "_previous"
        try Data("the former key\n".utf8).write(to: URL(filePath: previous))
        var after = reader(["SECRET_KEY_FILE": key.path()])
        #expect(after.secret(.secretKeyPrevious)?.value == "the former key")
        #expect(after.file(of: .secretKeyPrevious) == previous && after.isSet(.secretKeyPrevious))
        var given = reader(["SECRET_KEY_FILE": key.path(), "SECRET_KEY_PREVIOUS": "another"])
        #expect(given.secret(.secretKeyPrevious)?.value == "another")
        var direct = reader(["SECRET_KEY": "the key"])
        #expect(direct.secret(.secretKeyPrevious) == nil)
        for settings in [after, given, direct] { try settings.finish() }
    }

    @Test("A missing or empty secret file, and both forms at once, are faults that do not show the secret")
    func secretFileFaults() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data().write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        for environment in [
            ["SECRET_KEY_FILE": "/nonexistent"], ["SECRET_KEY_FILE": path.path()],
            ["SECRET_KEY_FILE": path.path(), "SECRET_KEY": "hush-hush"],
        ] {
            var reader = reader(environment)
            #expect(reader.secret(.secretKey) == nil)
            #expect(reader.faults.count == 1)
            #expect(!reader.faults.joined().contains("hush"))
        }
    }

    @Test("A setting that is no secret has no file form")
    func noFileForOthers() {
        var reader = reader(["API_HOST_FILE": "/etc/hostname"])
        #expect(reader.text(.apiHost) == nil)
    }

    @Test("In development the log level is DEBUG unless set (E5)")
    func developmentLogLevel() {
        var development = reader(["APP_ENV": "development"])
        #expect(CommonSettings(from: &development).logLevel == .debug)
        var explicit = reader(["APP_ENV": "development", "LOG_LEVEL": "warning"])
        #expect(CommonSettings(from: &explicit).logLevel == .warning)
    }

    @Test("A secret shows itself nowhere")
    func blankSecret() {
        let secret = Secret("hush-hush")
        var dumped = ""
        dump(secret, to: &dumped)
        let shown =
            "\(secret) \(String(reflecting: secret)) \(dumped) \([secret]) \(String(describing: Optional(secret)))"
        #expect(!shown.contains("hush"))
    }

    @Test(
        "Origins",
        arguments: [
            ("https://example.com", "https://example.com"), ("HTTPS://Example.com:443/", "https://example.com"),
            ("http://localhost:8080", "http://localhost:8080"), ("http://[::1]:80", "http://[::1]"),
        ]
    )
    func origins(text: String, expected: String) { #expect(WebOrigin(text)?.description == expected) }

    @Test(
        "What is no origin",
        arguments: [
            "", "*", "https://*.example.com", "example.com", "ftp://example.com", "https://example.com/a", "null",
            "https://a@example.com", "https://example.com?x", "https://", "https://exa mple.com",
            "https://example.com:0",
            "https://example.com:99999",
        ]
    )
    func noOrigins(text: String) { #expect(WebOrigin(text) == nil) }
}
