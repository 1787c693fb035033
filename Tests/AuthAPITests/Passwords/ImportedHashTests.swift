import Foundation
import Testing

@testable import AuthAPI

/// Password hashes of other systems.
@Suite struct ImportedHashTests {
    private static let salt = "c29tZXNhbHRzb21lc2FsdA"
    private static let tag = "yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ"
    private static let bcrypt = "05$abcdefghijklmnopqrstuuprk/rqhgcPTYTHLq52sX1mIsVNYyi5u"
    private static let digest = "05$abcdefghijklmnopqrstuuuCm3bUb9WiBOuPzf2MrmOszHEXAW6zO"

    /// Hashes of `Correct-Horse-7` by libargon2 and libcrypt; Argon2 in every variant of the PHC string format.
    private static let accepted: [(String, String)] = [
        ("$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)"),
        ("$argon2id$v=19$t=1,m=64,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)"),
        ("$argon2id$v=19$p=1,t=1,m=64$\(salt)$\(tag)", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)"),
        (
            "$argon2id$m=64,t=1,p=1$\(salt)$aG6rjbMR2SPKE4eyGASIrMobC9N9TCrNGlZBTO3uxRU",
            "$argon2id$v=16$m=64,t=1,p=1$\(salt)$aG6rjbMR2SPKE4eyGASIrMobC9N9TCrNGlZBTO3uxRU"
        ),
        (
            "$argon2id$v=19$m=64,t=1,p=1,data=aW1wb3J0ZWQ$\(salt)$8GQwncUAQSKYW2tMZtjCAgtwv0snkuWcKM+KUHwV0BY",
            "$argon2id$v=19$m=64,t=1,p=1,data=aW1wb3J0ZWQ$\(salt)$8GQwncUAQSKYW2tMZtjCAgtwv0snkuWcKM+KUHwV0BY"
        ),
        (
            "$argon2id$v=19$m=64,t=1,p=1$\(salt)$F3QPdSr86MGBL8WP",
            "$argon2id$v=19$m=64,t=1,p=1$\(salt)$F3QPdSr86MGBL8WP"
        ),
        ("argon2$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)", "$argon2id$v=19$m=64,t=1,p=1$\(salt)$\(tag)"),
        (" $2a$\(bcrypt)\n", "$2a$\(bcrypt)"), ("$2b$\(bcrypt)", "$2b$\(bcrypt)"), ("$2y$\(bcrypt)", "$2y$\(bcrypt)"),
        ("bcrypt$$2b$\(bcrypt)", "$2b$\(bcrypt)"),
        ("bcrypt_sha256$$2b$\(digest)", "bcrypt_sha256$$2b$\(digest)"),
    ]

    @Test("Every kind is stored in one form, verifies, and is upgraded to the current cost", arguments: accepted)
    func accepts(text: String, stored: String) async throws {
        #expect(try ImportedHash(text).stored == stored)
        let hasher = PasswordHasher(
            parameters: Argon2Parameters(memoryKiB: 128, iterations: 1, parallelism: 1),
            pool: try HashingPool(threads: 1)
        )
        #expect(try await hasher.verify(Password("Correct-Horse-7"), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password("Correct-Horse-8"), against: stored) == .wrong)
        #expect(try await hasher.verify(Password(""), against: stored) == .wrong)
    }

    // Form C decomposes some letters of Hindi, Bengali and Hebrew keyboards, such as U+09DF.
    @Test(
        "A hash of the password as typed verifies, and is upgraded to one of form C",
        arguments: [
            ("Pässwörd-1が".decomposedStringWithCanonicalMapping, "tsgvnVk8C/W4UnQoyQixfOTu+lU0GxZmVvEG6RER7tc"),
            ("Password-\u{9DF}7", "oKMTjr8Ffzv2Z8Kuja0s+qABDhKCpZD7huFNr/COwQk"),
        ]
    )
    func acceptsTypedForm(typed: String, tag: String) async throws {
        let stored = try ImportedHash("argon2$argon2id$v=19$m=64,t=1,p=1$\(Self.salt)$\(tag)").stored
        let hasher = PasswordHasher(
            parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1),
            pool: try HashingPool(threads: 1)
        )
        #expect(try await hasher.verify(Password(typed), against: stored) == .correctNeedsUpgrade)
        #expect(try await hasher.verify(Password(typed + "x"), against: stored) == .wrong)
        #expect(try await hasher.verify(Password(typed), against: nil) == .wrong)
        // The other form was wrong in the earlier system, too.
        let normalized = Password(typed.precomposedStringWithCanonicalMapping)
        #expect(try await hasher.verify(normalized, against: stored) == .wrong)
        let upgraded = try await hasher.hash(Password(typed))
        #expect(try await hasher.verify(Password(typed), against: upgraded) == .correct)
        #expect(try await hasher.verify(normalized, against: upgraded) == .correct)
    }

    private static let rejected: [(String, String)] = [
        ("$argon2id$v=19$m=64,t=1,p=1$\(salt)$", "is not a complete Argon2id hash"),
        ("$argon2id$v=19$m=64,t=1$\(salt)$\(tag)", "is not a complete Argon2id hash"),
        ("$argon2id$v=19$m=64,m=64,t=1,p=1$\(salt)$\(tag)", "is not a complete Argon2id hash"),
        ("$argon2id$v=19$m=64,t=1,p=1,x=1$\(salt)$\(tag)", "is not a complete Argon2id hash"),
        ("$argon2id$v=19$m=64,t=1,p=1,keyid=aW1w$\(salt)$\(tag)", "has a keyid"),
        ("$argon2id$v=19$m=4194304,t=1,p=1$\(salt)$\(tag)", "requires more memory"),
        ("$argon2id$v=18$m=64,t=1,p=1$\(salt)$\(tag)", "is not a complete Argon2id hash"),
        ("argon2$argon2id$v=19$m=64,t=1,p=1$\(salt)", "is not a complete Argon2id hash"),
        ("$argon2i$v=19$m=64,t=1,p=1$\(salt)$\(tag)", "only Argon2id"),
        ("argon2$argon2i$v=19$m=64,t=1,p=1$\(salt)$\(tag)", "only Argon2id"),
        ("$2b$16$abcdefghijklmnopqrstuuprk/rqhgcPTYTHLq52sX1mIsVNYyi5u", "cost is not from 4 to 15"),
        ("$2y$05$abc", "not a complete bcrypt hash"), ("bcrypt$$2b$05$abc", "not a complete bcrypt hash"),
        ("pbkdf2_sha256$600000$c2FsdA$aGFzaA==", "neither a bcrypt nor an Argon2id hash"),
        ("$2x$\(bcrypt)", "neither a bcrypt nor an Argon2id hash"),
        ("hunter2", "neither a bcrypt nor an Argon2id hash"),
    ]

    @Test("An unsupported hash is rejected with a reason that does not repeat it", arguments: rejected)
    func rejects(text: String, reason: String) async throws {
        do throws(ImportedHash.Fault) {
            _ = try ImportedHash(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.reason.contains(reason), "\(error.reason)")
            #expect(!error.reason.contains(text) && !error.reason.contains(Self.tag))
        }
    }
}
