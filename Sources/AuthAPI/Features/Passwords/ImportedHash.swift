import Shared

/// A password hash of another system, in the stored form.
///
/// Hashes of Django and Laravel are accepted with their prefixes: Django adds the name of its hasher
/// (`argon2$argon2id$…`, `bcrypt$$2b$…`, `bcrypt_sha256$$2b$…`); Laravel uses `$2y$…` and `$argon2id$…`.
struct ImportedHash: Sendable, Equatable {
    /// An unsupported hash.
    struct Fault: Error, Equatable {
        /// The reason, without a part of the hash.
        let reason: String
    }

    /// The stored form.
    let stored: String

    /// Parses a hash.
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
                reason: "is not a complete Argon2id hash, has a keyid, or requires more memory, passes or lanes than "
                    + "this program allows"
            )
        }
        if text.hasPrefix("$argon2") || text.hasPrefix("argon2$") {
            return Fault(reason: "is Argon2i or Argon2d; only Argon2id can be checked")
        }
        if ["$2a$", "$2b$", "$2y$", "bcrypt$$2", "bcrypt_sha256$$2"].contains(where: text.hasPrefix) {
            let range = LegacyBcrypt.costRange
            return Fault(
                reason: "is not a complete bcrypt hash, or its cost is not from \(range.lowerBound) to "
                    + "\(range.upperBound)"
            )
        }
        return Fault(reason: "is neither a bcrypt nor an Argon2id hash; omit it to import the user without a password")
    }
}
