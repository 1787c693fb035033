public import Logging

/// The environment that the programs run in.
public enum AppEnvironment: String, CaseIterable, Sendable {
    /// A deployment for users.
    case production
    /// A developer's machine.
    case development
}

/// The format of log lines.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object per line.
    case json
    /// One readable line per event.
    case text
}

/// The levels of `LOG_LEVEL`.
public enum LogLevelName: String, CaseIterable, Sendable {
    /// Everything, including each query and each health check.
    case debug = "DEBUG"
    /// Normal events.
    case info = "INFO"
    /// Events that may need attention.
    case warning = "WARNING"
    /// Failures.
    case error = "ERROR"

    /// The level of the logging library.
    public var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}

/// The settings that both programs read.
public struct CommonSettings: Sendable {
    /// The environment.
    public let environment: AppEnvironment
    /// The URL at which browsers reach the site: the only source for links, redirects and cookie rules.
    public let publicURL: WebOrigin
    /// The name of the site.
    public let siteName: SiteName
    /// Other origins whose pages may send requests to this site.
    public let allowedOrigins: Set<WebOrigin>
    /// The networks of the reverse proxy and the frontend, which may name the client of a request.
    public let trustedPeers: [IPNetwork]
    /// The lowest level that is logged.
    public let logLevel: Logger.Level
    /// The format of log lines.
    public let logFormat: LogFormat

    /// The words by which attackers know the site, which a password must not be built from.
    public var siteWords: [String] { PasswordRules.words(of: publicURL, named: siteName) }

    /// Reads the settings; faults are left in the reader.
    public init(from reader: inout SettingsReader) {
        environment = reader.choice(.appEnvironment, default: AppEnvironment.production)
        publicURL = reader.origin(.publicURL, default: .localhost)
        siteName = SiteName(from: &reader)
        allowedOrigins = reader.origins(.allowedOrigins)
        trustedPeers = reader.networks(.trustedPeers, default: .privateNetworks)
        let level = reader.choice(
            .logLevel,
            default: environment == .production ? LogLevelName.info : .debug
        )
        logLevel = level.level
        logFormat = reader.choice(.logFormat, default: LogFormat.json)
    }
}
