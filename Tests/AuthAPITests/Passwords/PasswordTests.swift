import CoreFoundation
import Foundation
import Testing

@testable import AuthAPI

/// A3, A4: A password is the same however it is typed, and every character counts.
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

    /// A4: The hash is of NFC in UTF-8, as argon2-cffi computes it.
    @Test func hashesNormalisationFormC() async throws {
        let stored = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$LpYpdF0NZKZCW47yVxfzD3ZkqltuYPHgtnvLAkhIj/Q"
        #expect(try await Self.hasher().verify(Password(Self.decomposed), against: stored) == .correct)
        let emoji = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$GUQzoA6mn0JOVp/BQmxlU3ixOnY7Wvr7f0+NuMxX/SQ"
        let typed = Password("Passwort1\u{1F510}\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}")
        #expect(try await Self.hasher().verify(typed, against: emoji) == .correct)
    }

    /// A4: Compatibility characters (NFC, not NFKC) and case are distinguished.
    @Test(arguments: [("Passwd①1", "Passwd11"), ("Passwd1A", "Passwd1a"), ("ﬁsh-Pass1", "fish-Pass1")])
    func normalisationDoesNotWeakenPasswords(stored: String, typed: String) async throws {
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password(stored))
        #expect(try await hasher.verify(Password(typed), against: hash) == .wrong)
    }

    /// A3, A4: Nothing is truncated: the last of 128 code points counts, even with four bytes each.
    @Test(arguments: ["a", "é", "が", "\u{1F510}"])
    func everyOneOf128CodePointsCounts(filler: String) async throws {
        let start = "Aa1" + String(repeating: filler, count: 124)
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password(start + "x"))
        #expect(try await hasher.verify(Password(start + "x"), against: hash) == .correct)
        #expect(try await hasher.verify(Password(start + "y"), against: hash) == .wrong)
        #expect(try await hasher.verify(Password(start), against: hash) == .wrong)
    }

    /// A4: A NUL byte is an ordinary character.
    @Test func charactersAfterANULByteCount() async throws {
        let hasher = try Self.hasher()
        let hash = try await hasher.hash(Password("Passw0rd\0tail"))
        #expect(try await hasher.verify(Password("Passw0rd\0tail"), against: hash) == .correct)
        #expect(try await hasher.verify(Password("Passw0rd\0liat"), against: hash) == .wrong)
        #expect(try await hasher.verify(Password("Passw0rd"), against: hash) == .wrong)
    }

    /// A4: A megabyte is hashed like any other text; the rules set the limit.
    @Test func aMegabyteIsHashed() async throws {
        let hasher = try Self.hasher()
        let long = String(repeating: "Aa1-", count: 262_144)
        let hash = try await hasher.hash(Password(long))
        #expect(try await hasher.verify(Password(long), against: hash) == .correct)
        #expect(try await hasher.verify(Password(long + "x"), against: hash) == .wrong)
    }

    /// The processor time of this thread, which other work on the machine does not use.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// A16: 64 KiB of combining characters, which take seconds to normalize, are not normalized.
    @Test func manyCombiningCharactersAreNotNormalised() async throws {
        let marks = "A" + String(repeating: "\u{301}\u{323}", count: 16_000)
        let start = Self.processorTime
        let password = Password(marks)
        #expect(Self.processorTime - start < .milliseconds(500))
        #expect(password.typed == nil)
        #expect(password.normalized.withUnsafeBytes { $0.elementsEqual(marks.utf8) })
    }

    /// A4: A password appears in no log line, string or dump.
    @Test func isRedacted() {
        let password = Password("Correct-Horse-7")
        var dumped = ""
        dump(password, to: &dumped)
        for text in ["\(password)", String(describing: password), String(reflecting: password), dumped] {
            #expect(!text.contains("Horse"))
            #expect(!text.contains("67"))
        }
    }
}
