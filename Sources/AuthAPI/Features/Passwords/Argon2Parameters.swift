/// The cost of an Argon2id hash.
///
/// The default is the OWASP minimum (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane).
struct Argon2Parameters: Sendable, Equatable {
    /// Memory in KiB.
    var memoryKiB = 19_456
    /// Passes over the memory.
    var iterations = 2
    /// Lanes, each of which can have a thread.
    var parallelism = 1

    /// The allowed memory in KiB: from Argon2's minimum to 1 GiB.
    static let memoryRange = 8...1_048_576
    /// The allowed passes.
    static let iterationsRange = 1...64
    /// The allowed lanes.
    static let parallelismRange = 1...16
    /// The maximum of memory times passes in KiB: about ten seconds of one core.
    static let workLimit = 16_777_216

    /// The memory of a hash in bytes.
    var memory: Int { memoryKiB * 1024 }

    /// The work of a hash: memory times passes, in KiB.
    var work: Int { memoryKiB * iterations }

    /// Whether the parameters are within the bounds, so that a manipulated row can neither exhaust the memory nor block
    /// a thread for minutes.
    ///
    /// The bounds of the settings are narrower; stored hashes may come from other programs.
    var areAcceptable: Bool {
        Self.memoryRange.contains(memoryKiB) && Self.iterationsRange.contains(iterations)
            && Self.parallelismRange.contains(parallelism)
            // RFC 9106, section 3.1: at least 8 KiB for each lane.
            && memoryKiB >= 8 * parallelism
            && work <= Self.workLimit
    }

    /// Whether a hash with these parameters takes at most as long as one with the others.
    func isAtMostAsExpensive(as other: Argon2Parameters) -> Bool {
        work <= other.work && parallelism >= other.parallelism
    }

    /// Whether any of the other parameters is higher.
    func isBelow(_ other: Argon2Parameters) -> Bool {
        memoryKiB < other.memoryKiB || iterations < other.iterations || parallelism < other.parallelism
    }
}
