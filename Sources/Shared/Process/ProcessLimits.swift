import FoundationEssentials

/// The processors and the memory that the process may use: those of the machine, less what its control groups withhold.
public struct ProcessLimits: Sendable, Equatable {
    /// How many processors' time the process gets; a quota may be a fraction.
    public let processors: Double
    /// Bytes of memory; nil when the system does not tell.
    public let memory: Int?

    /// Makes limits by hand.
    public init(processors: Double, memory: Int?) {
        self.processors = processors
        self.memory = memory
    }

    /// The limits of this process.
    public static let current = ProcessLimits.read(
        root: "",
        allowedProcessors: min(affinity ?? .max, ProcessInfo.processInfo.activeProcessorCount)
    )

    /// The processors that the process may run on, from the mask in proc(5); nil where the system does not tell.
    private static var affinity: Int? {
        for line in ControlGroup.lines(of: "/proc/self/status") where line.hasPrefix("Cpus_allowed:") {
            return line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        }
        return nil
    }

    /// The processors, a fraction rounded up.
    public var wholeProcessors: Int { max(1, Int(processors.rounded(.up))) }

    /// Reads the limits from proc(5) and the file systems of cgroups(7), versions 1 and 2.
    ///
    /// What cannot be read limits nothing.
    ///
    /// - Parameters:
    ///   - root: a folder in whose place the system's root is meant; empty for the root itself.
    ///   - allowedProcessors: the processors that the process may run on (sched_setaffinity(2), which cpusets set too).
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
