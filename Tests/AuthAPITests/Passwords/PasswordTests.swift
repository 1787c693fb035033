import Foundation
import Testing

@testable import AuthAPI

/// A3, A4: the same password is the same however it was typed, and every character of it counts.
@Suite struct PasswordTests {
    private static func hasher() throws -> PasswordHasher {
        PasswordHasher(
            parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1),
            pool: try HashingPool(threads: 1)
        )
    }

    private static let composed = "Pässwörd-1が".precomposedStringWithCanonicalMapping
    private static let decomposed = "Pässwörd-1が".decomposedStringWithCanonicalMapping

    /// A4: NFC and NFD of one password verify against each other's hash.
    @Test func composedAndDecomposedFormsAreTheSamePassword() async throws {
        #expect(!Self.composed.utf8.elementsEqual(Self.decomposed.utf8))
        let hasher = try Self.hasher()
        let ofComposed = try await hasher.hash(Password(Self.composed))
        let ofDecomposed = try await hasher.hash(Password(Self.decomposed))
        #expect(try await hasher.verify(Password(Self.decomposed), against: ofComposed) == .correct)
        #expect(try await hasher.verify(Password(Self.composed), against: ofDecomposed) == .correct)
    }

    /// A4: what is hashed is NFC in UTF-8, as argon2-cffi hashes it.
    @Test func hashesNormalisationFormC() async throws {
        let stored = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$LpYpdF0NZKZCW47yVxfzD3ZkqltuYPHgtnvLAkhIj/Q"
        #expect(try await Self.hasher().verify(Password(Self.decomposed), against: stored) == .correct)
        let emoji = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$GUQzoA6mn0JOVp/BQmxlU3ixOnY7Wvr7f0+NuMxX/SQ"
        let typed = Password("Passwort1\u{1F510}\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}")
        #expect(try await Self.hasher().verify(typed, against: emoji) == .correct)
    }

    /// A4: compatibility characters stay apart (NFC, not NFKC), and so does case.
    @Test(arguments: [("Passwd①1", "Passwd11"), ("Passwd1A", "Passwd1a"), ("ﬁsh-Pass1", "fish-Pass1")])
    func normalisationDoesNotWeakenPasswords(stored: String, typed: String) async throws {
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password(stored))
        #expect(try await hasher.verify(Password(typed), against: hash) == .wrong)
    }

    /// A3, A4, LESSONS 8: nothing is cut off: the last of 128 code points counts, at four bytes each too.
    @Test(arguments: ["a", "é", "が", "\u{1F510}"])
    func everyOneOf128CodePointsCounts(filler: String) async throws {
        let start = "Aa1" + String(repeating: filler, count: 124)
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password(start + "x"))
        #expect(try await hasher.verify(Password(start + "x"), against: hash) == .correct)
        #expect(try await hasher.verify(Password(start + "y"), against: hash) == .wrong)
        #expect(try await hasher.verify(Password(start), against: hash) == .wrong)
    }

    /// A4: a NUL byte is a character like any other and ends nothing.
    @Test func whatFollowsANULByteCounts() async throws {
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password("Passw0rd\0tail"))
        #expect(try await hasher.verify(Password("Passw0rd\0tail"), against: hash) == .correct)
        #expect(try await hasher.verify(Password("Passw0rd\0liat"), against: hash) == .wrong)
        #expect(try await hasher.verify(Password("Passw0rd"), against: hash) == .wrong)
    }

    /// A4: a megabyte is hashed like anything else; the limit is the business of the rules.
    @Test func aMegabyteIsHashed() async throws {
        let hasher = try Self.hasher()
        let long = String(repeating: "Aa1-", count: 262_144)
        let hash = try await hasher.hash(Password(long))
        #expect(try await hasher.verify(Password(long), against: hash) == .correct)
        #expect(try await hasher.verify(Password(long + "x"), against: hash) == .wrong)
    }

    /// A16: 64 KiB of combining characters, which take seconds to put in order, are not put in order.
    @Test func combiningCharactersWithoutEndCostLittle() async throws {
        let marks = "A" + String(repeating: "\u{301}\u{323}", count: 16_000)
        let start = ContinuousClock.now
        let password = Password(marks)
        #expect(start.duration(to: .now) < .milliseconds(500))
        #expect(password.typed == nil)
        #expect(password.normalized.withUnsafeBytes { $0.elementsEqual(marks.utf8) })
    }

    /// A4: a password shows itself in no log line, string or dump.
    @Test func showsItselfToNobody() {
        let password = Password("Correct-Horse-7")
        var dumped = ""
        dump(password, to: &dumped)
        for text in ["\(password)", String(describing: password), String(reflecting: password), dumped] {
            #expect(!text.contains("Horse"))
            #expect(!text.contains("67"))
        }
    }
}
