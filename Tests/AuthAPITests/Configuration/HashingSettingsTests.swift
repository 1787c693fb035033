import Configuration
import Shared
import Testing

@testable import AuthAPI

/// W10: Hashing respects the processors and memory that the process may use.
@Suite struct HashingSettingsTests {
    private func read(_ settings: [String: String], processors: Double, mebibytes: Int?) -> (
        threads: Int, memory: Int, faults: [String]
    ) {
        let provider = EnvironmentVariablesProvider(environmentVariables: settings)
        var reader = SettingsReader(ConfigReader(provider: provider))
        let limits = ProcessLimits(processors: processors, memory: mebibytes.map { $0 << 20 })
        let settings = HashingSettings(from: &reader, within: limits)
        return (settings.threads, settings.memory, reader.faults)
    }

    @Test(
        "W10: By default there is a thread for each processor, and memory for all of them",
        arguments: [
            (64.0, nil, 64), (64.0, 768, 20), (1.0, 768, 1), (0.5, 768, 1), (1.5, 768, 1), (4.0, 256, 4),
            (64.0, 256, 6),
            (2.0, 64, 1), (8.0, 16, 1), (500.0, nil, 256),
        ] as [(Double, Int?, Int)]
    )
    func defaults(processors: Double, mebibytes: Int?, expected: Int) {
        let found = read([:], processors: processors, mebibytes: mebibytes)
        #expect(found.threads == expected && found.faults.isEmpty)
        if let mebibytes, mebibytes >= 128 { #expect(found.threads * 19 + 64 <= mebibytes) }
    }

    @Test("W10: More memory or more lanes for a hash mean fewer threads")
    func costs() {
        #expect(read(["ARGON2_MEMORY_KIB": "131072"], processors: 8, mebibytes: 768).threads == 3)
        #expect(read(["ARGON2_MEMORY_KIB": "524288"], processors: 8, mebibytes: 768).threads == 1)
        #expect(read(["ARGON2_PARALLELISM": "4"], processors: 8, mebibytes: nil).threads == 2)
        #expect(read(["ARGON2_PARALLELISM": "16"], processors: 8, mebibytes: nil).threads == 1)
    }

    @Test("W10: All hashes together leave memory for other data, except for a single one with the configured cost")
    func together() {
        #expect(read([:], processors: 8, mebibytes: 768).memory == 704 << 20)
        #expect(read([:], processors: 8, mebibytes: 64).memory == 19 << 20)
        #expect(read([:], processors: 8, mebibytes: nil).memory == .max)
    }

    @Test("W10: A setting beyond the limits is a fault that names the setting and the maximum")
    func beyond() {
        let byQuota = read(["HASHING_THREADS": "2"], processors: 1, mebibytes: nil).faults
        #expect(byQuota == ["HASHING_THREADS: must be at most 1, the processors that the process may use, not 2"])
        let byMemory = read(["HASHING_THREADS": "64"], processors: 64, mebibytes: 768).faults
        #expect(
            byMemory.count == 1 && byMemory[0].hasPrefix("HASHING_THREADS: must be at most 37, not 64: each uses 19")
        )
        let byHash = read(["ARGON2_MEMORY_KIB": "1048576"], processors: 2, mebibytes: 768).faults
        #expect(byHash.count == 1 && byHash[0].hasPrefix("ARGON2_MEMORY_KIB: one hash uses 1024 MiB"))
        #expect(read(["HASHING_THREADS": "2"], processors: 1.5, mebibytes: 128).faults.isEmpty)
        #expect(read(["HASHING_THREADS": "many"], processors: 1, mebibytes: 128).faults.count == 1)
    }

    @Test("W10: The limits also apply to the settings of the API")
    func api() throws {
        let provider = EnvironmentVariablesProvider(environmentVariables: [
            "SECRET_KEY": TestAPI.secretKey, "DATABASE_URL": "postgresql://u:p@localhost/db",
        ])
        let limits = ProcessLimits(processors: 64, memory: 768 << 20)
        let settings = try APISettings(from: SettingsReader(ConfigReader(provider: provider)), within: limits)
        #expect(settings.hashingThreads == 20)
    }
}
