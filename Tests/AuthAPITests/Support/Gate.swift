import Dispatch

/// Blocks a thread until the test releases it.
final class Gate: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let arrivals = AsyncStream<Void>.makeStream()

    /// Blocks the calling thread until ``open()``.
    func wait() {
        arrivals.continuation.yield()
        gate.wait()
    }

    /// Returns once a thread waits.
    func entered() async {
        for await _ in arrivals.stream { return }
    }

    /// Releases one waiting thread.
    func open() { gate.signal() }
}
