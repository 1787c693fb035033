import Dispatch
import Glibc
import Synchronization
import SystemThreads

/// Takes log lines and has a thread of its own write them, so that no request waits for whoever reads them.
///
/// While lines come quickly, many share a write. Lines beyond ``limit`` bytes that wait are dropped and counted: a reader
/// that is stuck must neither stop the program nor fill its memory.
public final class LogOutput: Sendable {
    /// Standard output.
    public static let standard = LogOutput(STDOUT_FILENO)

    /// The most bytes that wait.
    static let limit = 1 << 20
    /// How long lines are gathered after a write, in microseconds.
    private static let pause: UInt32 = 2000

    private struct Waiting {
        var lines: [UInt8] = []
        var dropped = 0
        /// Whether the thread must be woken.
        var isIdle = true
    }

    private let descriptor: Int32
    private let waiting = Mutex(Waiting())
    /// Held while lines are taken and written, so that they keep their order.
    private let writing = Mutex(())
    private let droppedLine = Mutex<(@Sendable (Int) -> [UInt8])?>(nil)
    private let wakeUp = DispatchSemaphore(value: 0)

    /// Writes to an open file, for as long as the process runs.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        do {
            pthread_detach(try SystemThread.start { self.run() })
        } catch {
            preconditionFailure("the system refuses a new thread (error \(error.status))")
        }
    }

    /// Hands a line in, with its line break; never waits.
    public func append(_ line: [UInt8]) {
        let wakes = waiting.withLock { waiting in
            guard waiting.lines.count + line.count <= Self.limit else {
                waiting.dropped += 1
                return false
            }
            waiting.lines += line
            defer { waiting.isIdle = false }
            return waiting.isIdle
        }
        if wakes { wakeUp.signal() }
    }

    /// Has what waits written before the process ends by itself; for standard output, once a process.
    static func writeStandardOutputAtExit() {
        atexit { LogOutput.standard.flush(patience: 500) }
    }

    /// Says what line tells how many were dropped; without it none does.
    func tellDropped(by line: @escaping @Sendable (Int) -> [UInt8]) {
        droppedLine.withLock { $0 = line }
    }

    /// Returns when all that was handed in before is written, or cannot be.
    ///
    /// - Parameter patience: how long to wait for a reader that is stuck, in milliseconds; -1 for ever.
    func flush(patience: Int32 = -1) {
        // Another thread that is stuck holds the lock as long.
        for _ in 0..<max(0, patience) {
            guard writing.withLockIfAvailable({ _ in writeWaiting(patience) }) == nil else { return }
            usleep(1000)
        }
        if patience < 0 { writing.withLock { _ in writeWaiting(patience) } }
    }

    private func writeWaiting(_ patience: Int32) {
        var (lines, dropped) = waiting.withLock { waiting in
            defer { (waiting.lines, waiting.dropped) = ([], 0) }
            return (waiting.lines, waiting.dropped)
        }
        if dropped > 0, let line = droppedLine.withLock({ $0 }) { lines += line(dropped) }
        write(lines, patience)
    }

    private func run() {
        while true {
            wakeUp.wait()
            repeat {
                flush()
                usleep(Self.pause)
            } while !becomesIdle()
        }
    }

    private func becomesIdle() -> Bool {
        waiting.withLock { waiting in
            waiting.isIdle = waiting.lines.isEmpty
            return waiting.isIdle
        }
    }

    /// Writes all of it, or as much as can be.
    private func write(_ lines: [UInt8], _ patience: Int32) {
        lines.withUnsafeBytes { bytes in
            var rest = bytes
            while let base = rest.baseAddress, rest.count > 0 {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if patience >= 0, poll(&request, 1, patience) == 0 { return }
                // A pipe that is ready takes that much without waiting (pipe(7), PIPE_BUF).
                let written = Glibc.write(descriptor, base, patience < 0 ? rest.count : min(rest.count, 4096))
                if written > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno == EAGAIN {
                    poll(&request, 1, patience)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
