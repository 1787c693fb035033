public import FoundationEssentials

/// The response of the health endpoints.
public struct HealthBody: Codable, Sendable, Equatable {
    /// Whether a part works.
    public enum State: String, Codable, Sendable {
        /// The part works.
        case ok
        /// The part does not work.
        case unavailable
        /// The part works, but its state is older than this version requires.
        case outdated
    }

    /// The service as a whole.
    public let status: State
    /// The database; absent if it was not checked.
    public let database: State?
    /// The time of the response.
    public let timestamp: Date
    /// The version of the program.
    public let version: String

    /// Creates a response.
    public init(status: State, database: State?, timestamp: Date, version: String) {
        self.status = status
        self.database = database
        self.timestamp = timestamp
        self.version = version
    }
}
