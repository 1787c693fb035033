import JWTKit
import Shared

/// The public keys with which a provider signs (RFC 7517, section 5).
struct SigningKeys: Sendable {
    /// The algorithms that ID tokens may be signed with (OpenID Connect Core, section 15.1, and RFC 8725, section 3.1):
    /// never `none`, and nothing that treats a public key as a shared secret.
    enum Algorithm: String, CaseIterable, Sendable {
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    /// One key, for one algorithm only.
    struct Key: Sendable {
        let id: String?
        let algorithm: Algorithm
        /// Holds this key alone, because a collection falls back to its first key for names it does not know.
        let verifier: JWTKeyCollection
    }

    /// The most keys that are looked at.
    static let maximumCount = 64

    private let keys: [Key]

    /// Reads a set of keys; those that this client has no use for are passed over (RFC 7517, section 5).
    init(_ document: Document) async {
        var keys: [Key] = []
        for entry in document.keys.prefix(Self.maximumCount) {
            if let key = await entry.key { keys.append(key) }
        }
        self.keys = keys
    }

    /// The key for a token's header.
    ///
    /// - Returns: nil when the provider publishes none of that name, for that algorithm; a token without a name is
    ///   taken only when there is one key in all (OpenID Connect Core, section 10.1).
    func key(named id: String?, for algorithm: Algorithm) -> Key? {
        guard let id else { return keys.count == 1 && keys[0].algorithm == algorithm ? keys[0] : nil }
        return keys.first { $0.id?.isExactly(id) == true && $0.algorithm == algorithm }
    }
}

extension SigningKeys {
    /// The JSON as it comes.
    struct Document: Decodable {
        let keys: [Entry]
    }

    /// A key as it comes; any of its fields may be missing, or of a kind that nobody foresaw.
    struct Entry: Decodable {
        private let type: String?
        private let id: String?
        private let use: String?
        private let algorithm: String?
        private let modulus: String?
        private let exponent: String?
        private let curve: String?
        private let x: String?
        private let y: String?

        private enum CodingKeys: String, CodingKey {
            case type = "kty"
            case id = "kid"
            case use
            case algorithm = "alg"
            case modulus = "n"
            case exponent = "e"
            case curve = "crv"
            case x, y
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // swift-format-ignore: a key that is odd in one field is passed over, not the whole set.
            func text(_ key: CodingKeys) -> String? { try? container.decode(String.self, forKey: key) }
            type = text(.type)
            id = text(.id)
            use = text(.use)
            algorithm = text(.algorithm)
            modulus = text(.modulus)
            exponent = text(.exponent)
            curve = text(.curve)
            x = text(.x)
            y = text(.y)
        }

        /// The key, when it is one for signatures that this client checks.
        fileprivate var key: Key? {
            get async {
                guard use?.isExactly("sig") ?? true, let type = type.flatMap({ KeyType(exactly: $0) }) else {
                    return nil
                }
                let declared = algorithm.map { Algorithm(exactly: $0) } ?? type.algorithm
                guard declared == type.algorithm else { return nil }
                let verifier = JWTKeyCollection()
                switch type {
                case .rsa:
                    // Up to 8192 bits; below 2048 the library refuses. A longer one would only cost time.
                    guard let modulus, let exponent, modulus.utf8.count <= 1400, exponent.utf8.count <= 8,
                        let key = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
                    else { return nil }
                    await verifier.add(rsa: key, digestAlgorithm: .sha256)
                    return Key(id: id, algorithm: .rs256, verifier: verifier)
                case .ellipticCurve:
                    guard curve?.isExactly("P-256") == true, let x, let y,
                        let key = try? ES256PublicKey(parameters: (x, y))
                    else {
                        return nil
                    }
                    await verifier.add(ecdsa: key)
                    return Key(id: id, algorithm: .es256, verifier: verifier)
                }
            }
        }
    }

    /// The kinds of keys (RFC 7518, section 6.1), each for one algorithm.
    private enum KeyType: String, CaseIterable {
        case rsa = "RSA"
        case ellipticCurve = "EC"

        var algorithm: Algorithm {
            switch self {
            case .rsa: .rs256
            case .ellipticCurve: .es256
            }
        }
    }
}
