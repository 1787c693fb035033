import Configuration
import FoundationEssentials
import Shared
import Testing

@testable import AuthAPI

/// What the doctor says about the application behind the sign-in.
@Suite struct ApplicationReachTests {
    private static func reach(_ upstream: String, signsAssertions: Bool = false) -> ApplicationReach {
        let variables = ["APP_UPSTREAM": upstream]
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        var reader = SettingsReader(ConfigReader(provider: provider))
        let settings = ApplicationSettings(from: &reader, publicURL: .localhost, ports: [])
        return ApplicationReach(
            application: settings,
            signsAssertions: signsAssertions,
            patience: .seconds(2),
            isContainer: false,
            addresses: []
        )
    }

    @Test("Without an application nothing is said")
    func none() async throws {
        let reach = ApplicationReach(application: nil, signsAssertions: false, patience: .seconds(1))
        let findings = await reach.findings()
        #expect(findings.isEmpty)
    }

    @Test("One that does not answer is to be started; in a container that is as it should be")
    func silent() async throws {
        // The port of the system's own discard service, which nobody runs.
        var reach = Self.reach("http://127.0.0.1:9")
        let native = await reach.findings()
        #expect(native.map(\.level) == [.fix] && native[0].message.contains("does not answer"))
        reach.isContainer = true
        let container = await reach.findings()
        #expect(container.map(\.level) == [.ok])
    }

    @Test("An upstream that is this very API is found by what it answers")
    func itself() async throws {
        try await TestAPI.with { api in
            let findings = await (Self.reach("http://127.0.0.1:\(api.port)")).findings()
            #expect(findings.map(\.level) == [.fix] && findings[0].message.contains("this system itself"))
        }
    }
}
