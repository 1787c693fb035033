import Glibc
import SystemThreads

/// Ends the process immediately.
enum ProcessEnd {
    /// Blocks SIGTERM on this thread and those that it starts, so that it stays pending until a handler receives it.
    ///
    /// Otherwise the second signal of a supervisor that sends two, such as timeout(1), would kill the process.
    static func hold() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Ends the process with status 0 after that many seconds, if it still runs; calls `before` first.
    static func force(after seconds: UInt32, _ before: @escaping @Sendable () -> Void = {}) {
        let thread = try? SystemThread.start {
            sleep(seconds)
            before()
            // Log lines are written a few milliseconds late.
            usleep(50_000)
            _exit(0)
        }
        if let thread { pthread_detach(thread) }
    }
}
