/// The name, kind and help text of a metric.
public struct MetricDescription: Sendable {
    /// The kind of a metric.
    public enum Kind: Sendable, Equatable {
        /// A number that only grows during the life of the process.
        case counter
        /// A number that goes up and down.
        case gauge
        /// A histogram with these upper bounds, in ascending order.
        case histogram(bounds: [Double])

        /// Durations in seconds, from a millisecond to ten seconds.
        public static let durations = Kind.histogram(
            bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
        )

        /// The name of the kind in the text format.
        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// The metric's name with its unit, by Prometheus' convention: `http_request_duration_seconds`.
    public let name: String
    /// The kind.
    public let kind: Kind
    /// The help text, one sentence.
    public let help: String

    /// Describes a metric.
    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}

/// One number, read on each scrape.
public struct MetricSample: Sendable {
    /// The name of its metric.
    public let name: String
    /// The labels that distinguish it from other samples of the metric.
    public let labels: [(String, String)]
    /// The number.
    public let value: Double

    /// Creates a sample.
    public init(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        self.name = name
        self.labels = labels
        self.value = value
    }
}
