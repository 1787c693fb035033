import Configuration
import FoundationEssentials
import Shared
import Testing

@testable import AuthAPI

/// The doctor's findings about the application behind the sign-in.
@Suite struct ApplicationReachTests {
    private static func reach(_ upstream: String, timeout: Duration = .seconds(60)) -> ApplicationReach {
        let variables = ["APP_UPSTREAM": upstream]
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        var reader = SettingsReader(ConfigReader(provider: provider))
        let settings = ApplicationSettings(from: &reader, publicURL: .localhost, ports: [])
        return ApplicationReach(
            application: settings,
            signsAssertions: false,
            timeout: timeout,
            isContainer: false,
            addresses: []
        )
    }

    @Test("Without an application there is no finding")
    func none() async throws {
        let reach = ApplicationReach(application: nil, signsAssertions: false, timeout: .seconds(1))
        let findings = await reach.findings()
        #expect(findings.isEmpty)
    }

    @Test("An application that does not respond is a problem, except from a container")
    func silent() async throws {
        // The port of the discard service, which does not run.
        var reach = Self.reach("http://127.0.0.1:9", timeout: .seconds(2))
        let native = await reach.findings()
        #expect(native.map(\.level) == [.fix] && native[0].message.contains("does not respond"))
        reach.isContainer = true
        let container = await reach.findings()
        #expect(container.map(\.level) == [.ok])
    }

    @Test("An upstream that is this API is detected by its response")
    func itself() async throws {
        try await TestAPI.with { api in
            let findings = await (Self.reach("http://127.0.0.1:\(api.port)")).findings()
            #expect(findings.map(\.level) == [.fix] && findings[0].message.contains("this system itself"))
        }
    }
}
