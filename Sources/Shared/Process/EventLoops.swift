import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// The threads that serve connections.
public enum EventLoops {
    /// Makes as many event loops as the process may use processors.
    ///
    /// NIO itself sees the quota of the outermost control group only. To be called before anything uses the shared event
    /// loops; `NIO_SINGLETON_GROUP_LOOP_COUNT` keeps its meaning.
    public static func follow(_ limits: ProcessLimits) {
        guard getenv("NIO_SINGLETON_GROUP_LOOP_COUNT") == nil else { return }
        NIOSingletons.groupLoopCountSuggestion = limits.wholeProcessors
    }
}
