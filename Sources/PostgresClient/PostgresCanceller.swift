import CLibPQ
import Glibc
import SystemThreads
import Synchronization

/// Asks a server to cancel the statement of a connection (libpq, "Canceling Queries in Progress").
///
/// The request uses a separate connection and can block, so it runs on its own thread; the number of these threads is
/// bounded. It is not encrypted: an eavesdropper could cancel statements of this one connection, and nothing else.
///
/// `@unchecked Sendable` is sound because `handle` is not changed after `init`: libpq allows `PQcancel` on any thread,
/// while another thread uses the connection.
@safe final class PostgresCanceller: @unchecked Sendable {
    private static let most = 64
    private static let underWay = Atomic<Int>(0)

    private let handle: OpaquePointer

    /// Stores how to reach the server of a connection; nil when memory is exhausted.
    init?(_ connection: OpaquePointer) {
        guard let handle = unsafe PQgetCancel(connection) else { return nil }
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQfreeCancel(handle)
    }

    /// Sends the request; nil when too many requests are in progress.
    func start() -> PostgresCancellation? {
        let cancellation = PostgresCancellation()
        guard Self.underWay.wrappingAdd(1, ordering: .relaxed).newValue <= Self.most,
            let thread = try? SystemThread.start({ [self] in
                send()
                cancellation.finish()
                Self.underWay.wrappingSubtract(1, ordering: .relaxed)
            })
        else {
            Self.underWay.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        pthread_detach(thread)
        return cancellation
    }

    /// Returns when the server has accepted the request, or cannot be reached.
    private func send() {
        // Unlike elsewhere, libpq writes to this socket without MSG_NOSIGNAL.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var message = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(handle, &message, Int32(message.count))
    }
}

/// A cancel request in progress.
final class PostgresCancellation: Sendable {
    private let isDone = Atomic<Bool>(false)

    fileprivate func finish() { isDone.store(true, ordering: .releasing) }

    /// Waits until the request can no longer cancel a later statement.
    ///
    /// - Returns: whether that happened in time.
    func waitUntilDone(by deadline: Deadline) -> Bool {
        while !isDone.load(ordering: .acquiring) {
            guard Deadline.now < deadline else { return false }
            _ = poll(nil, 0, 1)
        }
        return true
    }
}
