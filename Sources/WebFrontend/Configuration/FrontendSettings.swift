import ArgumentParser
import Shared

/// The settings of the frontend.
struct FrontendSettings: Sendable {
    /// The settings of both programs.
    let common: CommonSettings
    /// The address to listen on.
    let host: SettingHost
    /// The port to listen on; 0 for any free one, in tests.
    let port: Int
    /// The port of the metrics; nil when metrics are off.
    var metricsPort: Int?
    /// The URL of the authentication API.
    let apiURL: WebOrigin
    /// Who may create an account; the API has the same setting.
    var registration = RegistrationSettings()
    /// The site's name, pictures, color, links and texts.
    var look = SiteLook()
    /// The contact for vulnerability reports.
    var securityContact: SecurityContact?
    /// The application behind the sign-in.
    var application: ApplicationSettings?

    /// The default page after signing in.
    var landing: ReturnPath { application?.home ?? .home }

    /// The page that confirms a sign-out or a deletion; an application at the root of the site would not show that.
    var farewell: String { application == nil ? SitePath.home : SitePath.login }

    static let defaultPort = 3000

    /// The addresses to listen on, for the check before the start.
    var addresses: [ListenFault.Address] {
        [ListenFault.Address(host, .frontendHost, port: port, .frontendPort)]
            + (metricsPort.map { [ListenFault.Address(host, .frontendHost, port: $0, .frontendMetricsPort)] } ?? [])
    }

    /// Creates settings.
    init(common: CommonSettings, host: SettingHost, port: Int, apiURL: WebOrigin) {
        self.common = common
        self.host = host
        self.port = port
        self.apiURL = apiURL
    }

    /// Reads all settings.
    ///
    /// - Throws: ``SettingsFaults`` naming every setting that is missing or invalid.
    init(from reader: inout SettingsReader) throws(SettingsFaults) {
        common = CommonSettings(from: &reader)
        host = reader.host(.frontendHost, default: .anyIPv4)
        port = reader.integer(.frontendPort, in: 1...65_535, default: Self.defaultPort)
        metricsPort = reader.port(.frontendMetricsPort, otherThan: port)
        apiURL = Self.apiURL(from: &reader)
        application = ApplicationSettings(from: &reader, publicURL: common.publicURL, ports: [port])
        registration = RegistrationSettings(from: &reader)
        look = SiteLook(from: &reader, name: common.siteName)
        securityContact = SecurityContact(from: &reader)
        try reader.throwIfInvalid()
    }

    /// Reads all settings from the environment; prints every fault on a line and exits with status 78 if there are any.
    static func readOrExit() throws -> FrontendSettings {
        var reader = SettingsReader()
        do {
            return try FrontendSettings(from: &reader)
        } catch {
            error.report()
            throw ExitCode(SettingsFaults.exitStatus)
        }
    }

    private static func apiURL(from reader: inout SettingsReader) -> WebOrigin {
        // The name of the API's service in compose.yml.
        guard let fallback = WebOrigin("http://backend:8000") else { return .localhost }
        return reader.origin(.apiURL, default: fallback)
    }
}
