public import ServiceLifecycle
import Synchronization

/// Reports to systemd when a server is ready, once every part of its start has finished, and when it begins to stop.
///
/// It is the last of the services, so that it is the first to be notified of a shutdown.
public final class StartupReport: Service {
    /// A part of the start.
    public enum Part: Sendable {
        /// The server accepts connections.
        case listening
        /// The schema is current and the database can be used.
        case database
    }

    private let notification: ServiceNotification
    private let missing: Mutex<Set<Part>>

    /// Creates a report.
    ///
    /// - Parameters:
    ///   - parts: what must finish before the service is ready.
    ///   - notification: how to reach systemd.
    public init(waitingFor parts: Set<Part>, _ notification: ServiceNotification = ServiceNotification()) {
        missing = Mutex(parts)
        self.notification = notification
    }

    /// Records that a part has finished; reports that the service is ready if it was the last one.
    public func finish(_ part: Part) {
        let isReady = missing.withLock { $0.remove(part) != nil && $0.isEmpty }
        if isReady { notification.ready() }
    }

    /// Reports what the start waits for.
    public func waits(for reason: String) { notification.status("Waiting for the database: \(reason)") }

    /// Waits for the shutdown and reports it.
    public func run() async throws {
        try? await gracefulShutdown()
        notification.stopping()
    }
}
