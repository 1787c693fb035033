import JWTKit
import Shared

/// The public signing keys of a provider (RFC 7517, section 5).
struct SigningKeys: Sendable {
    /// The algorithms that ID tokens may be signed with (OpenID Connect Core, section 15.1, and RFC 8725, section 3.1):
    /// never `none`, and no algorithm that treats a public key as a shared secret.
    enum Algorithm: String, CaseIterable, Sendable {
        case rs256 = "RS256"
        case rs384 = "RS384"
        case rs512 = "RS512"
        case ps256 = "PS256"
        case ps384 = "PS384"
        case ps512 = "PS512"
        case es256 = "ES256"
        case es384 = "ES384"
        case es512 = "ES512"
        /// Ed25519 (RFC 8037, section 3.1).
        case edDSA = "EdDSA"

        /// Its digest; Ed25519's is that of RFC 8032, section 5.1.
        var digest: DigestAlgorithm {
            switch self {
            case .rs256, .ps256, .es256: .sha256
            case .rs384, .ps384, .es384: .sha384
            case .rs512, .ps512, .es512, .edDSA: .sha512
            }
        }
    }

    /// One key, for one algorithm only.
    struct Key: Sendable {
        let id: String?
        let algorithm: Algorithm
        /// Contains only this key, because a collection falls back to its first key for unknown key IDs.
        let verifier: JWTKeyCollection
    }

    /// The maximum number of keys to read.
    static let maximumCount = 64
    /// The maximum number of keys with the same ID to try.
    static let maximumCandidates = 4

    /// The published keys, each with its algorithms.
    private let keys: [[Key]]

    /// Reads a key set; keys that this client cannot use are ignored (RFC 7517, section 5).
    init(_ document: Document) async {
        var keys: [[Key]] = []
        for entry in document.keys.prefix(Self.maximumCount).compactMap(\.wrappedValue) {
            let served = await entry.keys
            if !served.isEmpty { keys.append(served) }
        }
        self.keys = keys
    }

    /// Whether there is no usable key.
    var isEmpty: Bool { keys.isEmpty }

    /// The keys for a token's header: several if they have the same ID, which RFC 7517, section 4.5, allows for different
    /// types, and which occurs while a provider rotates keys.
    ///
    /// - Returns: the keys; empty when no key has the ID and algorithm, or when the token has no key ID and there are
    ///   several keys (OpenID Connect Core, section 10.1).
    func keys(named id: String?, for algorithm: Algorithm) -> [Key] {
        let all = keys.joined().filter { $0.algorithm == algorithm }
        guard let id else { return keys.count == 1 ? all : [] }
        return Array(all.filter { $0.id?.isExactly(id) == true }.prefix(Self.maximumCandidates))
    }
}

extension SigningKeys {
    /// The unvalidated JSON.
    struct Document: Decodable {
        /// The keys; nil for an element that is not an object.
        let keys: [Lenient<Entry>]
    }

    /// An unvalidated key; any field may be missing or of an unexpected type.
    struct Entry: Decodable {
        @Lenient private var type: String?
        @Lenient private var id: String?
        @Lenient private var use: String?
        @Lenient private var algorithm: String?
        @Lenient private var modulus: String?
        @Lenient private var exponent: String?
        @Lenient private var curve: String?
        @Lenient private var x: String?
        @Lenient private var y: String?

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

        /// The key, once for each of its algorithms; empty when it is not for signatures that this client supports.
        ///
        /// A key without an algorithm is valid for each algorithm of its type.
        fileprivate var keys: [Key] {
            get async {
                guard use?.isExactly("sig") ?? true, let type = type.flatMap({ KeyType(exactly: $0) }) else {
                    return []
                }
                var keys: [Key] = []
                for served in type.algorithms where algorithm.map({ $0.isExactly(served.rawValue) }) ?? true {
                    let verifier = JWTKeyCollection()
                    if await add(to: verifier, for: served) {
                        keys.append(Key(id: id, algorithm: served, verifier: verifier))
                    }
                }
                return keys
            }
        }

        /// Adds the key to a collection.
        ///
        /// - Returns: whether it is valid.
        private func add(to verifier: JWTKeyCollection, for algorithm: Algorithm) async -> Bool {
            switch algorithm {
            case .rs256, .rs384, .rs512:
                guard let rsaKey else { return false }
                await verifier.add(rsa: rsaKey, digestAlgorithm: algorithm.digest)
            case .ps256, .ps384, .ps512:
                guard let rsaKey else { return false }
                await verifier.add(pss: rsaKey, digestAlgorithm: algorithm.digest)
            case .es256:
                guard let key: ES256PublicKey = point(on: "P-256") else { return false }
                await verifier.add(ecdsa: key)
            case .es384:
                guard let key: ES384PublicKey = point(on: "P-384") else { return false }
                await verifier.add(ecdsa: key)
            case .es512:
                guard let key: ES512PublicKey = point(on: "P-521") else { return false }
                await verifier.add(ecdsa: key)
            case .edDSA:
                guard curve?.isExactly("Ed25519") == true, let x, x.utf8.count <= 64,
                    let key = try? EdDSA.PublicKey(x: x, curve: .ed25519)
                else { return false }
                await verifier.add(eddsa: key)
            }
            return true
        }

        /// The key for RSA signatures, of up to 8192 bits, because a longer one would only cost time; the library rejects
        /// keys below 2048.
        private var rsaKey: Insecure.RSA.PublicKey? {
            guard let modulus, let exponent, modulus.utf8.count <= 1400, exponent.utf8.count <= 8 else { return nil }
            return try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
        }

        /// The key for signatures on a curve (RFC 7518, section 6.2.1.1); nil when it is on another curve.
        private func point<Curve: ECDSACurveType>(on name: String) -> ECDSA.PublicKey<Curve>? {
            guard curve?.isExactly(name) == true, let x, let y else { return nil }
            return try? ECDSA.PublicKey(parameters: (x, y))
        }
    }

    /// The kinds of keys (RFC 7518, section 6.1; RFC 8037, section 2).
    private enum KeyType: String, CaseIterable {
        case rsa = "RSA"
        case ellipticCurve = "EC"
        case octetKeyPair = "OKP"

        var algorithms: [Algorithm] {
            switch self {
            case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            case .ellipticCurve: [.es256, .es384, .es512]
            case .octetKeyPair: [.edDSA]
            }
        }
    }
}
