/// What a metric is, as Prometheus tells those who read it.
public struct MetricDescription: Sendable {
    /// What the numbers of a metric are.
    public enum Kind: Sendable, Equatable {
        /// A number that only grows while the process lives.
        case counter
        /// A number that goes up and down.
        case gauge
        /// How many observations were at most as large as each bound, in ascending order.
        case histogram(bounds: [Double])

        /// Durations in seconds, from a millisecond to ten seconds.
        public static let durations = Kind.histogram(
            bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        )

        /// The word for the kind in the text format.
        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// The metric's name with its unit, as Prometheus wants it: `http_request_duration_seconds`.
    public let name: String
    /// What the numbers are.
    public let kind: Kind
    /// One sentence for people.
    public let help: String

    /// Describes a metric.
    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}

/// One number, taken when somebody asks for it.
public struct MetricSample: Sendable {
    /// The described metric that it belongs to.
    public let name: String
    /// What tells it from other numbers of the metric.
    public let labels: [(String, String)]
    /// The number.
    public let value: Double

    /// Makes a sample.
    public init(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}
