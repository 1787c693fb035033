import Configuration
import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The rules of the doctor; whole deployments are tested from outside.
@Suite struct DoctorTests {
    private func levels(_ url: String, production: Bool = true) throws -> [Finding.Level] {
        let address = PublicAddress(url: try #require(WebOrigin(url)), isProduction: production, providers: [])
        return address.findings().prefix(2).map(\.level)
    }

    @Test("Blocked ports and sites without TLS are reported")
    func publicAddress() throws {
        #expect(try levels("https://example.com") == [.ok, .ok])
        #expect(try levels("https://example.com:6666") == [.fix, .ok])
        #expect(try levels("http://example.com") == [.ok, .fix])
        #expect(try levels("http://[::1]:10080") == [.fix, .ok])
        #expect(try levels("http://localhost:8080") == [.note, .ok])
        #expect(try levels("http://localhost:8080", production: false) == [.ok, .ok])
        #expect(PublicAddress.badPorts.isDisjoint(with: [80, 443, 3000, 8000, 8080, 8443]))
    }

    @Test("A clock difference of half a minute is tolerated")
    func skew() {
        for (seconds, level) in [(0.0, Finding.Level.ok), (30, .ok), (-30, .ok), (31, .fix), (-31, .fix)] {
            #expect(ProviderReach.judge(skew: seconds, against: "x").level == level)
        }
        #expect(ProviderReach.judge(skew: 90, against: "x").message == "this machine is 90 seconds behind x")
    }

    @Test("RFC 9110: HTTP dates are parsed")
    func httpDate() throws {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for day in stride(from: 0.0, through: 60_000, by: 11) {
            let date = Date(timeIntervalSince1970: day * 86_400 + 12_345)
            #expect(HTTPDate.seconds(format.string(from: date)) == date.timeIntervalSince1970)
        }
        for wrong in [
            "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        ] {
            #expect(HTTPDate.seconds(wrong) == nil)
        }
    }

    @Test("Secret files are checked for mode and age")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "yoshikosan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "key").path()
        try Data(TestAPI.secretKey.utf8).write(to: URL(filePath: path))
        func levels(mode: Int, days: Double, previous: Bool = false) throws -> [Finding.Level] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            var environment = ["SECRET_KEY_FILE": path]
            if previous { environment["SECRET_KEY_PREVIOUS_FILE"] = path }
            let provider = EnvironmentVariablesProvider(environmentVariables: environment)
            let files = SecretFiles(
                reader: SettingsReader(ConfigReader(provider: provider)),
                isProduction: true,
                now: Date.now.addingTimeInterval(days * 86_400 + 60)
            )
            return files.findings().map(\.level)
        }
        #expect(try levels(mode: 0o400, days: 0) == [.ok])
        #expect(try levels(mode: 0o440, days: 365) == [.ok])
        #expect(try levels(mode: 0o400, days: 366) == [.note])
        #expect(try levels(mode: 0o604, days: 0) == [.fix])
        #expect(try levels(mode: 0o460, days: 0) == [.fix])
        #expect(try levels(mode: 0o400, days: 7, previous: true) == [.ok, .ok])
        #expect(try levels(mode: 0o400, days: 8, previous: true) == [.ok, .ok, .note])
    }
}
