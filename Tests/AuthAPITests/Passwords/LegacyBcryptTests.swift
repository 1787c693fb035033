import Foundation
import Testing

@testable import AuthAPI

/// A4: bcrypt hashes of users from an earlier backend, created with Python's bcrypt.
@Suite struct LegacyBcryptTests {
    private static let salt = "abcdefghijklmnopqrstuu"

    private static func hasher() throws -> PasswordHasher {
        PasswordHasher(
            parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1),
            pool: try HashingPool(threads: 1)
        )
    }

    /// A4: All three prefixes verify and are upgraded; a wrong password does not verify.
    @Test(arguments: ["2a", "2b", "2y"])
    func everyPrefixVerifiesAndIsUpgraded(prefix: String) async throws {
        let stored = "$\(prefix)$04$\(Self.salt)IhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"
        let hasher = try Self.hasher()
        #expect(try await hasher.verify(Password("Correct-Horse-7"), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password("Correct-Horse-8"), against: stored) == .wrong)
        #expect(try await hasher.verify(Password(""), against: stored) == .wrong)
    }

    /// A4: Python's hashes of an empty password and of non-ASCII letters.
    @Test func verifiesKnownVectors() throws {
        let empty = try #require(LegacyBcrypt("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."))
        #expect(empty.matches(Password("")))
        #expect(!empty.matches(Password("a")))
        let letters = try #require(LegacyBcrypt("$2a$05$\(Self.salt)UxoXvDpsi7xwa.s.3OWYq/uQF8bKt52"))
        #expect(letters.matches(Password("Grüße-Ä1ÿ")))
        #expect(!letters.matches(Password("Grüße-Ä1y")))
    }

    /// A4: A salt whose last character has unused bits set, as some libraries write it, verifies.
    @Test func unusedSaltBitsAreIgnored() throws {
        let stored = try #require(LegacyBcrypt("$2b$04$abcdefghijklmnopqrstuvIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"))
        #expect(stored.matches(Password("Correct-Horse-7")))
        #expect(!stored.matches(Password("Correct-Horse-8")))
    }

    /// A4: Imported hashes use 72 bytes; the Argon2id hash that replaces them uses all.
    @Test func tailAfter72BytesCountsFromTheUpgradeOn() async throws {
        let stored = "$2b$04$\(Self.salt)aW3cWC4baJR7MysOLGslpeFyU0S.VZ."
        let password = "A1" + String(repeating: "a", count: 70)
        let hasher = try Self.hasher()
        #expect(try await hasher.verify(Password(password), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(password + "tail"), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(String(password.dropLast())), against: stored) == .wrong)
        let upgraded = try await hasher.hash(Password(password + "tail"))
        #expect(try await hasher.verify(Password(password + "tail"), against: upgraded) == .correct)
        #expect(try await hasher.verify(Password(password), against: upgraded) == .wrong)
    }

    /// A4: The earlier backend hashed the typed form: composed and decomposed hashes verify as typed, and a hash of the
    /// composed form also when the password is typed decomposed.
    @Test func formsAsTypedVerify() async throws {
        let composed = "Pässwörd-1が".precomposedStringWithCanonicalMapping
        let decomposed = "Pässwörd-1が".decomposedStringWithCanonicalMapping
        let ofComposed = "$2b$04$\(Self.salt)ntmy6pD7FBqvphQKsjBCQL/l.Mf3cwa"
        let ofDecomposed = "$2b$04$\(Self.salt)RE9nZfX1WGaQZhgrHXbi.63R3X7b/7K"
        let hasher = try Self.hasher()
        #expect(try await hasher.verify(Password(composed), against: ofComposed) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(decomposed), against: ofDecomposed) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(decomposed), against: ofComposed) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(composed), against: ofDecomposed) == .wrong)
    }

    /// A4: A password with a NUL byte does not match its part before the NUL.
    @Test func nulByteDoesNotTruncateThePassword() async throws {
        // The hash of "Abc1".
        let stored = "$2b$04$\(Self.salt)kyY76wQt.xMV3WNz0MO45Yds5JKB85C"
        let hasher = try Self.hasher()
        #expect(try await hasher.verify(Password("Abc1"), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password("Abc1\0defg"), against: stored) == .wrong)
        #expect(try await hasher.verify(Password("Abc1\0"), against: stored) == .wrong)
    }

    /// A4: Other prefixes, excessive costs and malformed strings are not computed.
    @Test(arguments: [
        "$2x$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$1$$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$03$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$16$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$31$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$4$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9Tx",
        "$2b$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxSS",
        "$2b$04$abcdefghijklmnopqrstuu:hSHOYW62MYzOCiBO1FrAHfyr5D9TxS",
        "$2b$04$abcdefghijklmnopqrstuuéhSHOYW62MYzOCiBO1FrAHfyr5D9Tx",
        "*0", "",
    ])
    func rejectsUnknownFormats(stored: String) async throws {
        #expect(LegacyBcrypt(stored) == nil)
        #expect(try await Self.hasher().verify(Password("Correct-Horse-7"), against: stored) == .wrong)
    }
}
