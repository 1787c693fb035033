import Configuration
import Foundation
import Logging
import Testing

@testable import Shared

/// E2, E3: Settings are validated together, and secrets can come from files.
@Suite struct SettingsReaderTests {
    private func reader(_ environment: [String: String]) -> SettingsReader {
        SettingsReader(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    @Test("Every fault is recorded, and each line starts with the setting's name")
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
        #expect(throws: SettingsFaults.self) { try settings.throwIfInvalid() }
        let names = settings.faults.map { String($0.prefix { $0 != ":" }) }
        #expect(names == ["API_PORT", "MIGRATE_ON_START", "PUBLIC_URL", "LOG_LEVEL", "DATABASE_POOL_SIZE"])
    }

    @Test("An empty value counts as absent")
    func empty() throws {
        var reader = reader(["API_PORT": "", "LOG_LEVEL": ""])
        #expect(reader.integer(.apiPort, in: 1...65_535, default: 8000) == 8000)
        #expect(CommonSettings(from: &reader).logLevel == .info)
        try reader.throwIfInvalid()
    }

    @Test("A secret comes from the file that NAME_FILE names, without its line break")
    func secretFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data("from the file\n".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        var reader = reader(["SECRET_KEY_FILE": path.path()])
        #expect(reader.secret(.secretKey)?.value == "from the file")
        try reader.throwIfInvalid()
    }

    @Test("A secret comes from the systemd credential of its name, unless NAME_FILE names another file")
    func credential() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "yoshikosan_secret_key")
        let other = folder.appending(path: "other")
        try Data("the credential\n".utf8).write(to: file)
        try Data("the file\n".utf8).write(to: other)
        let environment = ["CREDENTIALS_DIRECTORY": folder.path()]
        var reader = reader(environment)
        #expect(reader.secret(.secretKey)?.value == "the credential")
        #expect(reader.file(of: .databaseURL) == nil && reader.secret(.databaseURL) == nil)
        try reader.throwIfInvalid()
        var named = self.reader(environment.merging(["SECRET_KEY_FILE": other.path()]) { $1 })
        #expect(named.secret(.secretKey)?.value == "the file")
        var both = self.reader(environment.merging(["SECRET_KEY": "hush-hush"]) { $1 })
        #expect(both.secret(.secretKey) == nil)
        let path = "\(folder.path())/yoshikosan_secret_key"
        #expect(both.faults == ["SECRET_KEY: set either SECRET_KEY or \(path), not both"])
        try Data().write(to: file)
        var empty = self.reader(environment)
        #expect(empty.secret(.secretKey) == nil)
        #expect(empty.faults == ["SECRET_KEY: the file \(path) is empty"])
    }

    @Test("W85: The previous key that a rotation left beside SECRET_KEY_FILE is read; a setting overrides it")
    func previousKeyBesideTheKey() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = folder.appending(path: "secret_key")
        try Data("the key\n".utf8).write(to: key)
        var before = reader(["SECRET_KEY_FILE": key.path()])
        #expect(before.secret(.secretKeyPrevious) == nil && !before.isSet(.secretKeyPrevious))
        try before.throwIfInvalid()

        let previous = key.path() + "_previous"
        try Data("the former key\n".utf8).write(to: URL(filePath: previous))
        var after = reader(["SECRET_KEY_FILE": key.path()])
        #expect(after.secret(.secretKeyPrevious)?.value == "the former key")
        #expect(after.file(of: .secretKeyPrevious) == previous && after.isSet(.secretKeyPrevious))
        var given = reader(["SECRET_KEY_FILE": key.path(), "SECRET_KEY_PREVIOUS": "another"])
        #expect(given.secret(.secretKeyPrevious)?.value == "another")
        var direct = reader(["SECRET_KEY": "the key"])
        #expect(direct.secret(.secretKeyPrevious) == nil)
        for settings in [after, given, direct] { try settings.throwIfInvalid() }
    }

    @Test("W11: A secret can come from a pipe; a pipe without a writer is a fault")
    func pipe() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let failure = #expect(throws: BoundedFile.Failure.self) {
            try BoundedFile.read(path, limit: 100, timeout: 20)
        }
        #expect(failure?.reason == "it is not a regular file, and nothing was written to it")
        async let content = Task.detached { try BoundedFile.read(path, limit: 100, timeout: 20_000) }.value
        // Opening it blocks until there is a reader.
        try await Task.detached { try Data("from the pipe".utf8).write(to: URL(filePath: path)) }.value
        #expect(try await String(decoding: content, as: UTF8.self) == "from the pipe")
    }

    @Test("A missing or empty secret file, and variable and file together, are faults that do not show the secret")
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

    /// A secret from a file with these bytes, and the faults.
    private func fromFile(_ bytes: [UInt8]) throws -> (secret: String?, faults: [String]) {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        var reader = reader(["SECRET_KEY_FILE": path.path()])
        return (reader.secret(.secretKey)?.value, reader.faults)
    }

    @Test(
        "W70: Variable and file are trimmed in the same way: line breaks, spaces, tabs, a byte order mark",
        arguments: [
            "hush-hush\n", "hush-hush\r\n", "  hush-hush\t", "\u{FEFF}hush-hush\r\n\r\n", "\u{3000}hush-hush\u{A0}",
        ]
    )
    func trimmed(text: String) throws {
        var direct = reader(["SECRET_KEY": text])
        #expect(direct.secret(.secretKey)?.value == "hush-hush")
        #expect(direct.faults.isEmpty)
        let file = try fromFile(Array(text.utf8))
        #expect(file == ("hush-hush", []))
    }

    @Test("W70: Every setting is trimmed, and one of white space only is absent")
    func trimmedNumbers() throws {
        var reader = reader([
            "API_PORT": " 8001\r\n", "MIGRATE_ON_START": "false\n", "PUBLIC_URL": " \n", "LOG_LEVEL": "\t",
        ])
        #expect(reader.integer(.apiPort, in: 1...65_535, default: 8000) == 8001)
        #expect(reader.boolean(.migrateOnStart, default: true) == false)
        #expect(!reader.isSet(.publicURL))
        #expect(CommonSettings(from: &reader).publicURL == .localhost)
        try reader.throwIfInvalid()
    }

    @Test(
        "W70: An invisible character in a value is rejected by name, and the value is not repeated",
        arguments: [
            ("hush\nhush", "a line break as character 5"), ("hush\r\nhush", "a line break as character 5"),
            ("hush\thush", "a tab as character 5"), ("hush\u{1B}[31m", "the invisible character U+001B as character 5"),
            ("hush\u{200B}hush", "the invisible character U+200B as character 5"),
            ("hush\u{7F}", "the invisible character U+007F as character 5"),
            // What a byte that is not UTF-8 becomes in the environment.
            ("hush\u{FFFD}", "bytes that are not UTF-8 as character 5"),
            ("hush\u{2028}hush", "a line break as character 5"),
        ]
    )
    func invisible(text: String, words: String) throws {
        var direct = reader(["SECRET_KEY": text])
        #expect(direct.secret(.secretKey) == nil)
        #expect(direct.faults == ["SECRET_KEY: contains \(words)"])
        let file = try fromFile(Array(text.utf8))
        #expect(file == (nil, ["SECRET_KEY: the file named by SECRET_KEY_FILE contains \(words)"]))
    }

    @Test("W70: A file with a NUL, with invalid UTF-8 or without end is rejected with the reason")
    func badFiles() throws {
        #expect(
            try fromFile(Array("hush\0hush".utf8)).faults.joined().hasSuffix("contains a NUL character as character 5")
        )
        #expect(try fromFile([0xFF, 0xFE, 0x68, 0]).faults.joined().hasSuffix("is not text in UTF-8"))
        for (path, reason) in [
            ("/dev/zero", "the file is too large"), ("/nonexistent", "No such file or directory"),
            ("/", "Is a directory"),
        ] {
            var reader = reader(["SECRET_KEY_FILE": path])
            #expect(reader.secret(.secretKey) == nil)
            #expect(reader.faults == ["SECRET_KEY: the file named by SECRET_KEY_FILE cannot be read: \(reason)"])
        }
    }

    @Test("W74: For a port that Kubernetes has set for a service, the fault names the cause")
    func serviceLink() {
        var reader = reader(["API_PORT": "tcp://10.0.0.1:8000"])
        _ = reader.integer(.apiPort, in: 1...65_535, default: 8000)
        #expect(reader.faults.joined().contains("enableServiceLinks"))
    }

    @Test("W71: Port 0 does not turn the metrics off, so it is rejected")
    func metricsPort() {
        var reader = reader(["API_METRICS_PORT": "0"])
        _ = reader.port(.apiMetricsPort, otherThan: 8000)
        #expect(reader.faults == ["API_METRICS_PORT: must be an integer from 1 to 65535, not \"0\""])
    }

    @Test("Only secrets can come from a file")
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

    @Test("A file with a line of .env instead of a value is a fault")
    func lineInFile() throws {
        let read = try fromFile(Array("SECRET_KEY=hush-hush\n".utf8))
        #expect(read.secret == nil && read.faults.count == 1)
        #expect(read.faults.first?.hasSuffix("must contain the value only, not SECRET_KEY= before it") == true)
    }

    @Test("The password of a URL is not repeated")
    func passwordInURL() {
        var reader = reader(["PUBLIC_URL": "https://ada:hush/h@sh@example.com/x", "API_URL": "https://b@"])
        _ = reader.origin(.publicURL, default: .localhost)
        _ = reader.origin(.apiURL, default: .localhost)
        #expect(reader.faults.count == 2)
        #expect(reader.faults.first?.contains("\"https://…@example.com/x\" is not an address") == true)
        #expect(!reader.faults.joined().contains("hush"))
    }

    @Test("A secret is redacted everywhere")
    func blankSecret() {
        let secret = Secret("hush-hush")
        var dumped = ""
        dump(secret, to: &dumped)
        let shown =
            "\(secret) \(String(reflecting: secret)) \(dumped) \([secret]) \(String(describing: Optional(secret)))"
        #expect(!shown.contains("hush"))
    }

    @Test(
        "Origins are converted to their canonical form",
        arguments: [
            ("https://example.com", "https://example.com"), ("HTTPS://Example.com:443/", "https://example.com"),
            ("http://localhost:8080", "http://localhost:8080"), ("http://[::1]:80", "http://[::1]"),
        ]
    )
    func origins(text: String, expected: String) { #expect(WebOrigin(text)?.description == expected) }

    @Test(
        "Invalid origins are rejected",
        arguments: [
            "", "*", "https://*.example.com", "example.com", "ftp://example.com", "https://example.com/a", "null",
            "https://a@example.com", "https://example.com?x", "https://", "https://exa mple.com",
            "https://example.com:0",
            "https://example.com:99999",
        ]
    )
    func noOrigins(text: String) { #expect(WebOrigin(text) == nil) }
}
