import Shared
import Testing

@testable import WebFrontend

/// All settings are validated together (requirement E2).
@Suite struct FrontendSettingsTests {
    @Test func defaultsAreThoseOfTheContainers() throws {
        let settings = try TestSettings.all([:])
        #expect(settings.host == .anyIPv4)
        #expect(settings.port == 3000)
        #expect(settings.apiURL.description == "http://backend:8000")
        #expect(settings.common.publicURL.description == "http://localhost:8080")
    }

    @Test func everySettingIsRead() throws {
        let settings = try TestSettings.all([
            "FRONTEND_HOST": "127.0.0.1", "FRONTEND_PORT": "3100", "API_URL": "http://localhost:8100",
            "PUBLIC_URL": "https://yoshikosan.example",
        ])
        #expect(settings.host.description == "127.0.0.1")
        #expect(settings.port == 3100)
        #expect(settings.apiURL.description == "http://localhost:8100")
        #expect(settings.common.publicURL.isSecure)
    }

    // E2: five wrong settings give five lines.
    @Test func allFaultsAreListed() {
        let faults = #expect(throws: SettingsFaults.self) {
            try TestSettings.all([
                "FRONTEND_PORT": "many", "API_URL": "backend", "PUBLIC_URL": "ftp://x", "LOG_LEVEL": "LOUD",
                "APP_ENV": "moon",
            ])
        }
        let names = faults?.lines.map { line in String(line.prefix { $0 != ":" }) } ?? []
        #expect(Set(names) == ["FRONTEND_PORT", "API_URL", "PUBLIC_URL", "LOG_LEVEL", "APP_ENV"])
        #expect(names.count == 5)
    }
}
