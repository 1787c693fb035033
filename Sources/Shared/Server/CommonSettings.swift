public import Logging

/// Where the programs run.
public enum AppEnvironment: String, CaseIterable, Sendable {
    /// A deployment that people use.
    case production
    /// Somebody's own machine.
    case development
}

/// The form of log lines.
public enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line.
    case json
    /// One readable line an event.
    case text
}

/// The levels that `LOG_LEVEL` names.
public enum LogLevelName: String, CaseIterable, Sendable {
    /// Everything, each query and each health check too.
    case debug = "DEBUG"
    /// What happened.
    case info = "INFO"
    /// What may need attention.
    case warning = "WARNING"
    /// What failed.
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
    /// Where the program runs.
    public let environment: AppEnvironment
    /// The address under which browsers reach the site: the only source for links, redirects and cookie rules.
    public let publicURL: WebOrigin
    /// Other origins whose pages may send requests to this site.
    public let allowedOrigins: Set<WebOrigin>
    /// The networks whose machines may name the client of a request: where reverse proxy and frontend are.
    public let trustedPeers: [IPNetwork]
    /// The lowest level that is logged.
    public let logLevel: Logger.Level
    /// The form of log lines.
    public let logFormat: LogFormat

    /// Reads the settings; faults are left in the reader.
    public init(from reader: inout SettingsReader) {
        environment = reader.choice(.appEnvironment, default: AppEnvironment.production)
        publicURL = reader.origin(.publicURL, default: .localhost)
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
