import CLibPQ
import Glibc
import SystemThreads
import Synchronization

/// Asks a server to end the statement that a connection runs (libpq, "Canceling Queries in Progress").
///
/// The request goes over a connection of its own and may block, so it gets a thread; the number of these is bounded. It is
/// not encrypted: who reads it on the way could end statements of this one connection, and nothing else.
///
/// `@unchecked Sendable` is sound because `handle` is not changed after `init`: libpq allows `PQcancel` on any thread,
/// beside whatever the connection itself is used for.
@safe final class PostgresCanceller: @unchecked Sendable {
    private static let most = 64
    private static let underWay = Atomic<Int>(0)

    private let handle: OpaquePointer

    /// Notes how to reach the server behind a connection; nil when the system has no memory left.
    init?(_ connection: OpaquePointer) {
        guard let handle = unsafe PQgetCancel(connection) else { return nil }
        unsafe self.handle = handle
    }

    deinit {
        unsafe PQfreeCancel(handle)
    }

    /// Sends the request; nil when too many are under way.
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

    /// Returns when the server has passed the request on, or there was nobody to take it.
    private func send() {
        // libpq writes here without the flag that it has elsewhere.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var message = [CChar](repeating: 0, count: 256)
        _ = unsafe PQcancel(handle, &message, Int32(message.count))
    }
}

/// A request to end a statement that is under way.
final class PostgresCancellation: Sendable {
    private let isDone = Atomic<Bool>(false)

    fileprivate func finish() { isDone.store(true, ordering: .releasing) }

    /// Waits until the request can end no later statement any more.
    ///
    /// - Returns: whether that was so in time.
    func isOver(by deadline: Deadline) -> Bool {
        while !isDone.load(ordering: .acquiring) {
            guard Deadline.now < deadline else { return false }
            _ = poll(nil, 0, 1)
        }
        return true
    }
}
