import Dispatch
import Glibc
import Synchronization
import SystemThreads

/// Writes log lines on a separate thread, so that no request waits for the reader of the log.
///
/// Under load, many lines share a write. When more than ``limit`` bytes wait, further lines are dropped and counted: a
/// blocked reader must neither stop the program nor fill its memory.
public final class LogOutput: Sendable {
    /// Standard output.
    public static let standard = LogOutput(STDOUT_FILENO)

    /// The maximum number of waiting bytes.
    static let limit = 1 << 20
    /// How long lines are collected after a write, in microseconds.
    private static let pause: UInt32 = 2000

    private struct Waiting {
        var lines: [UInt8] = []
        var dropped = 0
        /// Whether the thread must be woken.
        var isIdle = true
    }

    private let descriptor: Int32
    private let waiting = Mutex(Waiting())
    /// Held while lines are removed and written, so that they keep their order.
    private let writing = Mutex(())
    private let droppedLine = Mutex<(@Sendable (Int) -> [UInt8])?>(nil)
    private let wakeUp = DispatchSemaphore(value: 0)

    /// Creates an output for an open file, for the lifetime of the process.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        do {
            pthread_detach(try SystemThread.start { self.run() })
        } catch {
            preconditionFailure("the system refuses a new thread (error \(error.status))")
        }
    }

    /// Adds a line, with its line break; never waits.
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

    /// Writes the waiting lines before the process exits; for standard output, once per process.
    static func writeStandardOutputAtExit() {
        atexit { LogOutput.standard.flush(timeout: 500) }
    }

    /// Sets the line that reports the number of dropped lines; without it, none is written.
    func reportDropped(by line: @escaping @Sendable (Int) -> [UInt8]) {
        droppedLine.withLock { $0 = line }
    }

    /// Returns when all lines added before are written, or cannot be written.
    ///
    /// - Parameter timeout: how long to wait for a blocked reader in milliseconds; -1 for none.
    func flush(timeout: Int32 = -1) {
        // Another blocked thread holds the lock just as long.
        for _ in 0..<max(0, timeout) {
            guard writing.withLockIfAvailable({ _ in writeWaiting(timeout) }) == nil else { return }
            usleep(1000)
        }
        if timeout < 0 { writing.withLock { _ in writeWaiting(timeout) } }
    }

    private func writeWaiting(_ timeout: Int32) {
        var (lines, dropped) = waiting.withLock { waiting in
            defer { (waiting.lines, waiting.dropped) = ([], 0) }
            return (waiting.lines, waiting.dropped)
        }
        if dropped > 0, let line = droppedLine.withLock({ $0 }) { lines += line(dropped) }
        write(lines, timeout)
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

    /// Writes all bytes, or as many as possible.
    private func write(_ lines: [UInt8], _ timeout: Int32) {
        lines.withUnsafeBytes { bytes in
            var rest = bytes
            while let base = rest.baseAddress, rest.count > 0 {
                var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if timeout >= 0, poll(&request, 1, timeout) == 0 { return }
                // A pipe that is ready accepts that much without blocking (pipe(7), PIPE_BUF).
                let written = Glibc.write(descriptor, base, timeout < 0 ? rest.count : min(rest.count, 4096))
                if written > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno == EAGAIN {
                    poll(&request, 1, timeout)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
