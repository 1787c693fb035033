import ArgumentParser
import Glibc
import Shared
import SystemThreads
import Synchronization
import UnixSignals

extension AuthAPI {
    /// Runs the command that the arguments name; SIGTERM ends each of them within ten seconds, with status 0.
    ///
    /// As process 1 of a container a program that does not listen for the signal would not get it at all.
    static func main() async {
        ProcessEnd.hold()
        // The server ends by itself, request by request.
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
                StandardError.print("stopped by SIGTERM before the end")
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

/// The end of the process, whatever still runs.
enum ProcessEnd {
    /// Blocks SIGTERM on this thread and those that it starts, so that it stays pending until a listener takes it.
    ///
    /// A supervisor that sends it more than once, as timeout(1) does, then does not kill the process with the second one.
    static func hold() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Ends the process with status 0 after so many seconds, unless it has ended by then; `before` is called then.
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
