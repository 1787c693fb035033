import Shared

/// A password hash of another system, in the form in which it is stored here.
///
/// Hashes that Django or Laravel wrote are taken with their prefixes: Django puts the name of its hasher before the hash
/// (`argon2$argon2id$…`, `bcrypt$$2b$…`, `bcrypt_sha256$$2b$…`), Laravel writes `$2y$…` and `$argon2id$…` as they are.
struct ImportedHash: Sendable, Equatable {
    /// A hash that cannot be checked here.
    struct Fault: Error, Equatable {
        /// Why, without a part of the hash.
        let reason: String
    }

    /// What the database keeps.
    let stored: String

    /// Reads a hash.
    init(_ text: String) throws(Fault) {
        let text = text.trimmingBlanks()
        if let hash = Argon2Hash(phc: text.hasPrefix("argon2$argon2id$") ? String(text.dropFirst(6)) : text) {
            stored = hash.phc
        } else if let hash = LegacyBcrypt(text.hasPrefix("bcrypt$$2") ? String(text.dropFirst(7)) : text) {
            stored = hash.description
        } else {
            throw Self.fault(in: text)
        }
    }

    private static func fault(in text: String) -> Fault {
        if ["$argon2id$", "argon2$argon2id$"].contains(where: text.hasPrefix) {
            return Fault(
                reason: "is no complete Argon2id hash, has a keyid, or asks for more memory, passes or lanes than this "
                    + "program computes"
            )
        }
        if text.hasPrefix("$argon2") || text.hasPrefix("argon2$") {
            return Fault(reason: "is Argon2i or Argon2d; only Argon2id can be checked")
        }
        if ["$2a$", "$2b$", "$2y$", "bcrypt$$2", "bcrypt_sha256$$2"].contains(where: text.hasPrefix) {
            let range = LegacyBcrypt.costRange
            return Fault(
                reason: "is no complete bcrypt hash, or its cost is not from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return Fault(reason: "is neither a bcrypt nor an Argon2id hash; leave it out, and the user has no password")
    }
}
