import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A4, A5: Hashes of other programs, and upgrades.
@Suite struct PasswordHasherTests {
    /// A low cost, for fast tests.
    private static let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
    private static let known = Password("Correct-Horse-7")

    private static func hasher(_ parameters: Argon2Parameters = cheap) throws -> PasswordHasher {
        PasswordHasher(parameters: parameters, pool: try HashingPool(threads: 1))
    }

    /// A4: Hashes of `Correct-Horse-7` by argon2-cffi (the reference implementation).
    @Test(arguments: [
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$XoD6i3L6r2KjNKalZkcEli8Qq4o5K7l0qXEO0gdoX1c",
        "$argon2id$v=19$m=64,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$+gwlgSTS8yp+Vr6InTTC4/XALpIgIebzEo/pKsW+rBI",
    ])
    func verifiesHashesOfTheReferenceImplementation(stored: String) async throws {
        let hasher = try Self.hasher()
        #expect(try await hasher.verify(Self.known, against: stored) == .correct)
        #expect(try await hasher.verify(Password("Correct-Horse-8"), against: stored) == .wrong)
        #expect(try await hasher.verify(Password(""), against: stored) == .wrong)
    }

    /// W10: An imported hash that needs more memory than the process may use is not computed.
    @Test func rejectsAHashThatExceedsTheMemory() async throws {
        let hasher = PasswordHasher(parameters: Self.cheap, pool: try HashingPool(threads: 1, memory: 1 << 20))
        let stored = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$XoD6i3L6r2KjNKalZkcEli8Qq4o5K7l0qXEO0gdoX1c"
        let error = await #expect(throws: APIError.self) { try await hasher.verify(Self.known, against: stored) }
        #expect(error?.code == .internalError && error?.cause is HashExceedsMemory)
        #expect(try await hasher.verify(Self.known, against: nil) == .wrong)
    }

    /// A4: Our PHC string has the configured parameters, a new salt each time, and no trace of the password.
    @Test func hashesWithTheConfiguredParametersAndANewSalt() async throws {
        let hasher = try Self.hasher(Argon2Parameters(memoryKiB: 128, iterations: 3, parallelism: 2))
        let first = try await hasher.hash(Self.known)
        let second = try await hasher.hash(Self.known)
        #expect(first.hasPrefix("$argon2id$v=19$m=128,t=3,p=2$"))
        #expect(first != second)
        #expect(!first.contains("Correct"))
        let parsed = try #require(Argon2Hash(phc: first))
        #expect(parsed.salt.count == 16)
        #expect(parsed.tag.count == 32)
        #expect(parsed.phc == first)
        #expect(try await hasher.verify(Self.known, against: first) == .correct)
        #expect(try await hasher.verify(Self.known, against: second) == .correct)
    }

    /// A4: A higher value of each parameter causes an upgrade, a lower one never.
    @Test(arguments: [
        (Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 2), PasswordHasher.Verification.correct),
        (Argon2Parameters(memoryKiB: 256, iterations: 2, parallelism: 2), .correctNeedsUpgrade),
        (Argon2Parameters(memoryKiB: 128, iterations: 3, parallelism: 2), .correctNeedsUpgrade),
        (Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 3), .correctNeedsUpgrade),
        (Argon2Parameters(memoryKiB: 64, iterations: 3, parallelism: 1), .correctNeedsUpgrade),
        (Argon2Parameters(memoryKiB: 64, iterations: 2, parallelism: 2), .correct),
        (Argon2Parameters(memoryKiB: 128, iterations: 1, parallelism: 2), .correct),
        (Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 1), .correct),
    ])
    func upgradesWhenAnyConfiguredParameterIsHigher(
        configured: Argon2Parameters,
        expected: PasswordHasher.Verification
    ) async throws {
        let stored = try await Self.hasher(Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 2))
            .hash(Self.known)
        let hasher = try Self.hasher(configured)
        #expect(try await hasher.verify(Self.known, against: stored) == expected)
        #expect(try await hasher.verify(Password("Wrong-Horse-7"), against: stored) == .wrong)
    }

    /// A4: The algorithm's version before 2016 verifies and is upgraded; other Argon2 types are not supported.
    @Test func olderVersionIsUpgradedAndOtherTypesAreWrong() async throws {
        let hasher = try Self.hasher()
        let salt = "c29tZXNhbHRzb21lc2FsdA"
        let version16 = "$argon2id$v=16$m=64,t=1,p=1$\(salt)$aG6rjbMR2SPKE4eyGASIrMobC9N9TCrNGlZBTO3uxRU"
        let unversioned = "$argon2id$m=64,t=1,p=1$\(salt)$aG6rjbMR2SPKE4eyGASIrMobC9N9TCrNGlZBTO3uxRU"
        let argon2i = "$argon2i$v=19$m=64,t=1,p=1$\(salt)$dViu8XRKEKR0CkPTxqh4UX36bx8gTx/03xPuB42/qDE"
        let argon2d = "$argon2d$v=19$m=64,t=1,p=1$\(salt)$oV/jsB5qY1Gxj9aHrkIBvDZ2qgD3ah57w0NOgIx/sXg"
        #expect(try await hasher.verify(Self.known, against: version16) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Self.known, against: unversioned) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Self.known, against: argon2i) == .wrong)
        #expect(try await hasher.verify(Self.known, against: argon2d) == .wrong)
    }

    /// A4: an eight-byte salt verifies and is upgraded (the reference string of the PHC competition's command line).
    @Test func shortSaltIsUpgraded() async throws {
        let stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        #expect(try await Self.hasher().verify(Password("password"), against: stored) == .correctNeedsUpgrade)
    }

    /// A5: Without a hash, or with a malformed one, every password is wrong.
    @Test(arguments: [
        nil, "", "$", "Correct-Horse-7", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$",
        "$argon2id$v=20$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=64,t=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=-64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=064,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ=",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ$x",
        "$argon2id$v=19$m=64,t=1,p=1$c29t!XNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        // Excessive parameters of a manipulated row: memory, passes, lanes, and all of them together.
        "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=65536,t=1,p=255$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=1048576,t=64,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ",
        "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLg",
    ])
    func absentAndMalformedHashesAreWrong(stored: String?) async throws {
        #expect(try await Self.hasher().verify(Self.known, against: stored) == .wrong)
    }
}
