import Configuration
import Testing

@testable import Shared

/// W72, W73: Hosts in settings.
@Suite struct SettingHostTests {
    @Test(
        "W73: Addresses in any notation and names are accepted",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("[2001:DB8::2]", "2001:db8::2"),
            ("::", "::"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("[::FFFF:c000:201]", "192.0.2.1"), ("0:0:0:0:0:0:0:1", "::1"),
            ("localhost", "localhost"), ("LocalHost", "localhost"),
            ("db-1.example.com", "db-1.example.com"), ("db.example.com.", "db.example.com."),
            ("my_service", "my_service"),
            ("4host", "4host"), ("xn--wgv71a119e.jp", "xn--wgv71a119e.jp"),
        ]
    )
    func understood(text: String, expected: String) throws { #expect(try SettingHost(text).description == expected) }

    @Test(
        "W73: Everything else is rejected with a reason",
        arguments: [
            ("127.0.0.1:8000", "without a port"), ("[::1]:8000", "without a port"),
            ("localhost:8000", "without a port"),
            ("http://localhost", "without scheme"), ("10.0.0.0/8", "without scheme"), ("127.0.0.1,::1", "one host"),
            ("a b", "one host"),
            ("*", "0.0.0.0"), ("fe80::1%eth0", "zone"), ("", "host name"), ("[", "host name"), ("[]", "host name"),
            ("[127.0.0.1]", "host name"), ("[localhost]", "host name"), ("::1]", "host name"),
            ("256.0.0.1", "host name"),
            ("127.1", "host name"), ("010.0.0.1", "host name"), ("2130706433", "host name"), ("0x7f.1", "host name"),
            ("::g", "host name"), (":::", "host name"), ("1::2::3", "host name"), ("-a", "host name"),
            ("a..b", "host name"),
            ("é.example", "host name"), (String(repeating: "a", count: 64), "host name"),
        ]
    )
    func rejected(text: String, reason: String) {
        let error = #expect(throws: SettingHost.Fault.self) { try SettingHost(text) }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test(
        "W72: A health check uses the address on which the server listens",
        arguments: [
            ([:], "http://127.0.0.1:8000/"), (["API_HOST": "0.0.0.0"], "http://127.0.0.1:8000/"),
            (["API_HOST": "::1"], "http://[::1]:8000/"), (["API_HOST": "[::1]"], "http://[::1]:8000/"),
            (["API_HOST": "::", "API_PORT": "81"], "http://[::1]:81/"), (["API_HOST": "0:0::0"], "http://[::1]:8000/"),
            (["API_HOST": "127.0.0.2"], "http://127.0.0.2:8000/"), (["API_HOST": "backend"], "http://backend:8000/"),
        ] as [([String: String], String)]
    )
    func healthCheck(settings: [String: String], expected: String) throws {
        let reader = SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: settings))
        )
        #expect(try HealthCheck.url(.apiHost, .apiPort, defaultPort: 8000, path: "/", from: reader) == expected)
    }

    @Test(
        "W72: A health check of an invalid URL fails with a reason",
        arguments: ["http://[", "http://[]/", "http://]/", "x", ""]
    )
    func wrongURL(url: String) async {
        #expect(await HealthCheck.fault(at: url) == "\(url) is not a URL like http://127.0.0.1:8000/health/ready")
    }

    @Test("W72: A health check with a wrong setting names it, and no other setting is needed")
    func wrongSetting() {
        let settings = ["API_HOST": "*", "SECRET_KEY": "x"]
        let reader = SettingsReader(
            ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: settings))
        )
        let faults = #expect(throws: SettingsFaults.self) {
            try HealthCheck.url(.apiHost, .apiPort, defaultPort: 8000, path: "/", from: reader)
        }
        #expect(faults?.lines.count == 1 && faults?.lines[0].hasPrefix("API_HOST: ") == true)
    }
}
