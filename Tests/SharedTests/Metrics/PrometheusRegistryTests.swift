import CoreMetrics
import Testing

@testable import Shared

/// E8: metrics in Prometheus' text format.
@Suite struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry([
        MetricDescription("jobs_total", .counter, "Jobs\nwith a \\ in it."),
        MetricDescription("depth", .gauge, "Depth."),
        MetricDescription("wait_seconds", .histogram(bounds: [0.1, 1]), "Wait."),
        MetricDescription("unused", .gauge, "Never set."),
    ])

    @Test("E8 Counters, gauges and cumulative buckets are written in the order of their descriptions")
    func text() async {
        Counter(label: "jobs_total", dimensions: [("kind", "b")], factory: registry).increment(by: 2)
        Counter(label: "jobs_total", dimensions: [("kind", "a")], factory: registry).increment()
        Counter(label: "jobs_total", dimensions: [("kind", "a")], factory: registry).increment()
        Meter(label: "depth", dimensions: [], factory: registry).set(1.5)
        let timer = CoreMetrics.Timer(label: "wait_seconds", dimensions: [], factory: registry)
        for nanoseconds in [100_000_000, 250_000_000, 2_000_000_000] { timer.recordNanoseconds(Int64(nanoseconds)) }
        let text = await registry.text()
        #expect(
            text == """
                # HELP jobs_total Jobs\\nwith a \\\\ in it.
                # TYPE jobs_total counter
                jobs_total{kind="a"} 2
                jobs_total{kind="b"} 2
                # HELP depth Depth.
                # TYPE depth gauge
                depth 1.5
                # HELP wait_seconds Wait.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.1"} 1
                wait_seconds_bucket{le="1"} 2
                wait_seconds_bucket{le="+Inf"} 3
                wait_seconds_sum 2.35
                wait_seconds_count 3

                """
        )
    }

    @Test("E8 Numbers that are read on each scrape follow the recorded ones")
    func collectors() async {
        registry.collect { [MetricSample("depth", [("queue", "a\"b\\c\nd")], 7)] }
        let text = await registry.text()
        #expect(text.contains(#"depth{queue="a\"b\\c\nd"} 7"#))
    }

    @Test("E8 The description determines the kind of a metric, whatever a library records")
    func kinds() async {
        FloatingPointCounter(label: "jobs_total", dimensions: [], factory: registry).increment(by: 2.5)
        let recorder = Recorder(label: "wait_seconds", dimensions: [], aggregate: true, factory: registry)
        recorder.record(2)
        recorder.record(0.5)
        let meter = Meter(label: "depth", dimensions: [], factory: registry)
        meter.set(7 as Int64)
        meter.decrement(by: 3)
        let lines = await registry.text().split(separator: "\n")
        for line in [
            "jobs_total 2.5", "depth 4", #"wait_seconds_bucket{le="1"} 1"#, "wait_seconds_sum 2.5",
            "wait_seconds_count 2",
        ] {
            #expect(lines.contains(Substring(line)), "\(lines)")
        }
        Counter(label: "jobs_total", dimensions: [], factory: registry).reset()
        let after = await registry.text()
        #expect(after.contains("jobs_total 0\n"))
    }

    @Test("E8 Durations are recorded to the nanosecond")
    func durations() async {
        let timer = CoreMetrics.Timer(label: "wait_seconds", dimensions: [], factory: registry)
        timer.record(.seconds(3) + .nanoseconds(250_000_001))
        let text = await registry.text()
        #expect(text.contains("wait_seconds_sum 3.250000001\n"))
    }

    @Test("E8 Metrics without a description are ignored")
    func undescribed() async {
        Counter(label: "surprise_total", dimensions: [], factory: registry).increment()
        let text = await registry.text()
        #expect(text.isEmpty)
    }

    @Test("E8 No label can exhaust the memory: series beyond the limit are ignored")
    func seriesLimit() async {
        for number in 0...PrometheusRegistry.seriesLimit {
            Counter(label: "jobs_total", dimensions: [("kind", "\(number)")], factory: registry).increment()
        }
        let lines = await registry.text().split(separator: "\n").filter { $0.hasPrefix("jobs_total{") }
        #expect(lines.count == PrometheusRegistry.seriesLimit)
    }

    @Test("E8 No concurrent count is lost")
    func concurrency() async {
        let registry = registry
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    for _ in 0..<1000 {
                        Counter(label: "jobs_total", dimensions: [], factory: registry).increment()
                    }
                }
            }
        }
        let text = await registry.text()
        #expect(text.contains("jobs_total 8000\n"))
    }
}
