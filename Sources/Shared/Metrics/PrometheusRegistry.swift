public import CoreMetrics
import Synchronization

/// Stores the metrics of one program and writes them in Prometheus' text format.
///
/// A metrics factory for swift-metrics, passed to the code that measures; there is no global one, so that servers in
/// one process (tests) do not share counters. Metrics without a description are ignored.
public final class PrometheusRegistry: MetricsFactory {
    /// The maximum number of series of one metric; further ones are ignored, so that no label can exhaust the memory.
    public static let seriesLimit = 1000

    private struct Family {
        let description: MetricDescription
        var series: [String: MetricSeries] = [:]
    }

    private let order: [String]
    private let families: Mutex<[String: Family]>
    private let collectors = Mutex<[@Sendable () async -> [MetricSample]]>([])

    /// Creates a registry for the described metrics, which are written in this order.
    public init(_ descriptions: [MetricDescription]) {
        order = descriptions.map(\.name)
        families = Mutex(
            Dictionary(descriptions.map { ($0.name, Family(description: $0)) }, uniquingKeysWith: { first, _ in first })
        )
    }

    /// Adds a closure that provides samples on each scrape.
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

    /// The gauge or histogram of a described metric, depending on its description.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions)
    }

    /// The histogram of a described metric, in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions)
    }

    /// Does nothing: a series lives as long as the registry, as Prometheus expects of a process.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Does nothing; see ``destroyCounter(_:)``.
    public func destroyTimer(_ handler: any TimerHandler) {}
}
