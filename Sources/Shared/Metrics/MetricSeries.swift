import CoreMetrics
import Synchronization

/// One series of a metric: a number, or a histogram, under one set of labels.
///
/// It implements every kind of handler; its description determines what it counts.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    /// The values of a series at one point in time.
    struct State: Sendable {
        /// The value of a counter or gauge; for a histogram, the sum of all observations.
        var value = 0.0
        /// The observations in each bucket; the last bucket has no upper bound.
        var counts: [UInt64]
    }

    let labels: [(String, String)]
    /// The upper bounds of a histogram; empty for a counter or gauge.
    let bounds: [Double]
    private let content: Mutex<State>

    init(labels: [(String, String)], kind: MetricDescription.Kind) {
        self.labels = labels
        if case .histogram(let bounds) = kind { self.bounds = bounds } else { bounds = [] }
        content = Mutex(State(counts: Array(repeating: 0, count: bounds.isEmpty ? 0 : bounds.count + 1)))
    }

    /// The current values.
    var state: State { content.withLock { $0 } }

    private func observe(_ value: Double) {
        guard !bounds.isEmpty else { return set(value) }
        // The bounds are few and ascending, and most observations are small.
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        content.withLock { state in
            state.counts[index] += 1
            state.value += value
        }
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { content.withLock { $0.value += amount } }
    func decrement(by amount: Double) { content.withLock { $0.value -= amount } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { content.withLock { $0.value = value } }
    func record(_ value: Int64) { observe(Double(value)) }
    func record(_ value: Double) { observe(value) }
    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1_000_000_000) }

    func reset() {
        content.withLock { state in
            state.value = 0
            for index in state.counts.indices { state.counts[index] = 0 }
        }
    }
}
