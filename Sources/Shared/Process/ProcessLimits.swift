import FoundationEssentials

/// The processors and the memory that the process may use: those of the machine, within the limits of its control
/// groups.
public struct ProcessLimits: Sendable, Equatable {
    /// The number of processors; a quota may be a fraction.
    public let processors: Double
    /// The memory in bytes; nil when unknown.
    public let memory: Int?

    /// Creates limits.
    public init(processors: Double, memory: Int?) {
        self.processors = processors
        self.memory = memory
    }

    /// The limits of this process.
    public static let current = ProcessLimits.read(
        root: "",
        allowedProcessors: min(affinity ?? .max, ProcessInfo.processInfo.activeProcessorCount)
    )

    /// The number of processors that the process may run on, from the mask in proc(5); nil when unknown.
    private static var affinity: Int? {
        for line in ControlGroup.lines(of: "/proc/self/status") where line.hasPrefix("Cpus_allowed:") {
            return line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        }
        return nil
    }

    /// The processors, rounded up.
    public var processorCount: Int { max(1, Int(processors.rounded(.up))) }

    /// Reads the limits from proc(5) and the file systems of cgroups(7), versions 1 and 2.
    ///
    /// A file that cannot be read sets no limit.
    ///
    /// - Parameters:
    ///   - root: a directory to use instead of `/`, for tests; empty for `/`.
    ///   - allowedProcessors: the processors that the process may run on (sched_setaffinity(2), also set by cpusets).
    /// - Returns: the limits.
    static func read(root: String, allowedProcessors: Int) -> ProcessLimits {
        var processors = Double(max(1, allowedProcessors))
        var memory = physicalMemory(root)
        for group in ControlGroup.all(root) {
            if let quota = group.processors { processors = min(processors, quota) }
            if let limit = group.memory { memory = min(memory ?? limit, limit) }
        }
        return ProcessLimits(processors: processors, memory: memory)
    }

    private static func physicalMemory(_ root: String) -> Int? {
        for line in ControlGroup.lines(of: "\(root)/proc/meminfo") where line.hasPrefix("MemTotal:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }
}
