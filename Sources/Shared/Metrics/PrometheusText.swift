/// Writes metrics in Prometheus' text format, version 0.0.4.
struct PrometheusText {
    /// The media type of the format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var content = ""

    /// Starts a metric.
    mutating func begin(_ description: MetricDescription) {
        let help = Self.escaped(description.help, quotes: false)
        content += "# HELP \(description.name) \(help)\n# TYPE \(description.name) \(description.kind.word)\n"
    }

    /// Adds one number.
    mutating func add(_ name: String, _ labels: [(String, String)], _ value: Double) {
        content += "\(name)\(Self.labels(labels)) \(Self.number(value))\n"
    }

    /// Adds a series: one number, or the buckets, sum and count of a histogram.
    mutating func add(_ name: String, _ series: MetricSeries) {
        let state = series.state
        guard !series.bounds.isEmpty else { return add(name, series.labels, state.value) }
        var count: UInt64 = 0
        for (bound, inBucket) in zip(series.bounds.map(Self.number) + ["+Inf"], state.counts) {
            count += inBucket
            add("\(name)_bucket", series.labels + [("le", bound)], Double(count))
        }
        add("\(name)_sum", series.labels, state.value)
        add("\(name)_count", series.labels, Double(count))
    }

    /// Labels in braces; nothing when there are none.
    static func labels(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { name, value in "\(name)=\"\(escaped(value, quotes: true))\"" }
        return "{\(pairs.joined(separator: ","))}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        guard let whole = Int64(exactly: value) else { return "\(value)" }
        return "\(whole)"
    }
}
