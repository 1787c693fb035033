public import CoreMetrics
import Synchronization

/// Keeps the metrics of one program and writes them in Prometheus' text format.
///
/// A metrics factory for swift-metrics, handed to whoever measures; there is no global one, so that servers in one
/// process (tests) do not count for each other. Metrics that were not described are not kept.
public final class PrometheusRegistry: MetricsFactory {
    /// The most series of one metric; what comes after is not kept, so that no label can fill the memory.
    public static let seriesLimit = 1000

    private struct Family {
        let description: MetricDescription
        var series: [String: MetricSeries] = [:]
    }

    private let order: [String]
    private let families: Mutex<[String: Family]>
    private let collectors = Mutex<[@Sendable () async -> [MetricSample]]>([])

    /// Makes a registry for the described metrics, which are written in this order.
    public init(_ descriptions: [MetricDescription]) {
        order = descriptions.map(\.name)
        families = Mutex(
            Dictionary(descriptions.map { ($0.name, Family(description: $0)) }, uniquingKeysWith: { first, _ in first })
        )
    }

    /// Asks for numbers whenever the metrics are read.
    public func collect(_ samples: @escaping @Sendable () async -> [MetricSample]) {
        collectors.withLock { $0.append(samples) }
    }

    /// All metrics in the text format, version 0.0.4 (Prometheus, "Exposition formats").
    public func text() async -> String {
        var samples: [MetricSample] = []
        for collector in collectors.withLock({ $0 }) { samples += await collector() }
        let collected = Dictionary(grouping: samples, by: \.name)
        let families = families.withLock { $0 }
        var text = PrometheusText()
        for name in order {
            guard let family = families[name] else { continue }
            let series = family.series.sorted { $0.key < $1.key }.map(\.value)
            let samples = collected[name] ?? []
            guard !series.isEmpty || !samples.isEmpty else { continue }
            text.begin(family.description)
            for one in series { text.add(name, one) }
            for sample in samples { text.add(name, sample.labels, sample.value) }
        }
        return text.content
    }

    private func series(_ label: String, _ dimensions: [(String, String)]) -> MetricSeries {
        families.withLock { families in
            guard let family = families[label] else { return MetricSeries(labels: dimensions, kind: .gauge) }
            let key = PrometheusText.labels(dimensions)
            if let known = family.series[key] { return known }
            let series = MetricSeries(labels: dimensions, kind: family.description.kind)
            if family.series.count < Self.seriesLimit { families[label]?.series[key] = series }
            return series
        }
    }

    /// The counter of a described metric.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions)
    }

    /// The counter of a described metric.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions)
    }

    /// The gauge of a described metric.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions)
    }

    /// The gauge or histogram of a described metric, as its description says.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions)
    }

    /// The histogram of a described metric, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions)
    }

    /// Nothing: a series lives as long as the registry, as Prometheus expects of a process.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Nothing, see ``destroyCounter(_:)``.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Nothing, see ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Nothing, see ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Nothing, see ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
