import NIOCore

import Glibc

/// The threads that serve connections.
public enum EventLoops {
    /// Creates one event loop per processor that the process may use.
    ///
    /// NIO itself considers only the quota of the outermost control group. Call this before anything uses the shared
    /// event loops; `NIO_SINGLETON_GROUP_LOOP_COUNT` overrides it.
    public static func follow(_ limits: ProcessLimits) {
        guard getenv("NIO_SINGLETON_GROUP_LOOP_COUNT") == nil else { return }
        NIOSingletons.groupLoopCountSuggestion = limits.processorCount
    }
}
