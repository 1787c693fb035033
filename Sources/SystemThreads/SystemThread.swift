public import Glibc

/// A thread of the system, outside Swift's own pool, so that it may block or keep a core busy.
public enum SystemThread {
    /// The system could not start a thread.
    public struct Failure: Error {
        /// The error number of pthread_create(3).
        public let status: Int32
    }

    /// Runs the body on a new thread, which the caller joins or detaches.
    ///
    /// - Throws: ``Failure``.
    public static func start(_ body: @escaping @Sendable () -> Void) throws(Failure) -> pthread_t {
        let argument = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = argument {
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            },
            argument.toOpaque()
        )
        guard status == 0 else {
            argument.release()
            throw Failure(status: status)
        }
        return thread
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
