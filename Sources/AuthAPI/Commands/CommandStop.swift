import ArgumentParser
import Glibc
import Shared
import SystemThreads
import Synchronization
import UnixSignals

extension AuthAPI {
    /// Runs the command that the arguments name; SIGTERM ends it within ten seconds, with status 0.
    ///
    /// Process 1 of a container does not receive the signal unless it handles it.
    static func main() async {
        StandardDescriptors.open()
        ProcessEnd.hold()
        // The server shuts down gracefully.
        if (try? parseAsRoot()) is ServeCommand { return await main(nil) }
        let signals = await UnixSignalsSequence(trapping: .sigterm)
        let isStopped = Atomic<Bool>(false)
        let work = Task {
            var command = try parseAsRoot()
            guard var asynchronous = command as? any AsyncParsableCommand else { return try command.run() }
            try await asynchronous.run()
        }
        let watch = Task {
            for await _ in signals {
                isStopped.store(true, ordering: .relaxed)
                StandardError.print("stopped by SIGTERM before the command finished")
                ProcessEnd.force(after: 5)
                work.cancel()
                return
            }
        }
        let result = await work.result
        watch.cancel()
        if isStopped.load(ordering: .relaxed) { exit() }
        if case .failure(let error) = result { exit(withError: error) }
    }
}

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
