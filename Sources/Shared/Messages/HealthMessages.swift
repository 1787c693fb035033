public import FoundationEssentials

/// The answer of the health endpoints.
public struct HealthBody: Codable, Sendable, Equatable {
    /// Whether a part works.
    public enum State: String, Codable, Sendable {
        /// It works.
        case ok
        /// It does not.
        case unavailable
        /// It works, but not in the state that this version needs.
        case outdated
    }

    /// The service as a whole.
    public let status: State
    /// The database; absent where it was not asked.
    public let database: State?
    /// When the answer was made.
    public let timestamp: Date
    /// The version of the program.
    public let version: String

    /// Makes an answer.
    public init(status: State, database: State?, timestamp: Date, version: String) {
        self.status = status
        self.database = database
        self.timestamp = timestamp
        self.version = version
    }
}
