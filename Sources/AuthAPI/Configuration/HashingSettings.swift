import Shared

/// The cost of password hashing, and the number of threads.
struct HashingSettings {
    /// The cost of a hash.
    let parameters: Argon2Parameters
    /// The number of concurrent hashes.
    let threads: Int
    /// The memory of all concurrent hashes together in bytes; imported hashes can need more than new ones.
    let memory: Int

    /// The memory for the rest of the program in bytes.
    static let reserve = 64 << 20

    /// Reads the settings; faults are left in the reader, including settings that exceed what the process may use.
    ///
    /// By default (`HASHING_THREADS`), one thread per processor, as far as half of the memory allows.
    init(from reader: inout SettingsReader, within limits: ProcessLimits) {
        let defaults = Argon2Parameters()
        parameters = Argon2Parameters(
            memoryKiB: reader.integer(.argon2MemoryKiB, in: 8192...1_048_576, default: defaults.memoryKiB),
            iterations: reader.integer(.argon2Iterations, in: 1...16, default: defaults.iterations),
            parallelism: reader.integer(.argon2Parallelism, in: 1...16, default: defaults.parallelism)
        )
        let each = parameters.memory
        let room = limits.memory.map { ($0 - Self.reserve) / each }
        memory = limits.memory.map { max($0 - Self.reserve, each) } ?? .max
        if let limit = limits.memory, let room, room < 1, reader.isSet(.argon2MemoryKiB) {
            reader.fault(
                .argon2MemoryKiB,
                "one hash uses \(Self.mebibytes(each)), the process may use \(Self.mebibytes(limit)), and other data needs "
                    + "\(Self.mebibytes(Self.reserve))"
            )
        }
        // Each lane of a hash has its own thread.
        let byProcessors = Int(limits.processors) / parameters.parallelism
        let byMemory = limits.memory.map { $0 / 2 / each } ?? .max
        let usual = max(1, min(byProcessors, byMemory, 256))
        threads = reader.integer(.hashingThreads, in: 1...256, default: usual)
        guard reader.isSet(.hashingThreads), !reader.hasFault(.hashingThreads) else { return }
        if threads > limits.processorCount {
            reader.fault(
                .hashingThreads,
                "must be at most \(limits.processorCount), the processors that the process may use, not \(threads)"
            )
        } else if let limit = limits.memory, let room, room >= 1, threads > room {
            reader.fault(
                .hashingThreads,
                "must be at most \(room), not \(threads): each uses \(Self.mebibytes(each)), the process may use "
                    + "\(Self.mebibytes(limit)), and other data needs \(Self.mebibytes(Self.reserve))"
            )
        }
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}
