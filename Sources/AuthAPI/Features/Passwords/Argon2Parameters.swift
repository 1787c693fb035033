/// What an Argon2id hash costs.
///
/// The default is the OWASP minimum (Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane).
struct Argon2Parameters: Sendable, Equatable {
    /// Memory in KiB.
    var memoryKiB = 19_456
    /// Passes over the memory.
    var iterations = 2
    /// Lanes, each of which can have a thread.
    var parallelism = 1

    /// The memory that a hash may ask for, in KiB: from Argon2's own minimum to 1 GiB.
    static let memoryRange = 8...1_048_576
    /// The passes that a hash may ask for.
    static let iterationsRange = 1...64
    /// The lanes that a hash may ask for.
    static let parallelismRange = 1...16
    /// The most memory times passes that a hash may ask for, in KiB: some ten seconds of one core.
    static let workLimit = 16_777_216

    /// What a hash takes: memory times passes, in KiB.
    var work: Int { memoryKiB * iterations }

    /// Whether a hash with these parameters may be computed.
    ///
    /// The same bounds hold for the settings and for stored hashes: a row that somebody has tampered with must not
    /// take the server's memory or keep a thread for minutes.
    var areAcceptable: Bool {
        Self.memoryRange.contains(memoryKiB) && Self.iterationsRange.contains(iterations)
            && Self.parallelismRange.contains(parallelism)
            // RFC 9106, section 3.1: at least 8 KiB for each lane.
            && memoryKiB >= 8 * parallelism
            && work <= Self.workLimit
    }

    /// Whether a hash with these parameters takes no longer than one with the others.
    func costNoMore(than other: Argon2Parameters) -> Bool {
        work <= other.work && parallelism >= other.parallelism
    }

    /// Whether any of the other parameters is higher than the one here.
    func isBelow(_ other: Argon2Parameters) -> Bool {
        memoryKiB < other.memoryKiB || iterations < other.iterations || parallelism < other.parallelism
    }
}
