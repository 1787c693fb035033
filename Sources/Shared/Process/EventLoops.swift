import NIOCore

import Glibc

/// The threads that serve connections.
public enum EventLoops {
    /// The maximum number: each is a thread, and containers limit the threads (`pids_limit` in compose.yml).
    static let most = 64

    /// The number for the processors that the process may use: one for each, up to the maximum.
    static func count(within limits: ProcessLimits) -> Int { min(limits.processorCount, most) }

    /// Creates that many event loops.
    ///
    /// NIO itself considers only the quota of the outermost control group. Call this before anything uses the shared
    /// event loops; `NIO_SINGLETON_GROUP_LOOP_COUNT` overrides it.
    public static func follow(_ limits: ProcessLimits) {
        guard getenv("NIO_SINGLETON_GROUP_LOOP_COUNT") == nil else { return }
        NIOSingletons.groupLoopCountSuggestion = count(within: limits)
    }
}
