import FoundationEssentials
import Shared

/// Encrypts provider tokens, so that a copy of the database does not reveal them (D4).
struct ProviderTokenVault: Sendable {
    /// The columns with tokens.
    enum Column: String, Sendable {
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
    }

    /// The maximum size of a token, in bytes; the limit of the column allows for the encryption.
    static let maximumLength = 16 * 1024 - 28

    private let keys: SealingKeys

    /// Creates a vault; the previous key still decrypts what it encrypted.
    init(_ secrets: SecretKeys) {
        keys = SealingKeys(for: .providerTokens, from: secrets)
    }

    /// The version of the current key, for `key_version`.
    var version: Int32 { keys.version }

    /// Encrypts a token for one column of one identity; it cannot be decrypted in another column or row.
    func seal(_ token: Secret, for identity: IdentityKey, in column: Column) throws -> [UInt8] {
        try keys.seal(Array(token.value.utf8), in: Self.context(identity, column))
    }

    /// Decrypts a token; nil if there is no key of that version, or the row is not the one that it was encrypted for.
    func open(_ sealed: [UInt8], version: Int32, for identity: IdentityKey, in column: Column) -> Secret? {
        keys.open(sealed, version: version, in: Self.context(identity, column))
            .map { Secret(String(decoding: $0, as: UTF8.self)) }
    }

    /// The tokens of a sign-in, encrypted for the row.
    func seal(_ tokens: ProviderTokens, for identity: IdentityKey) throws -> SealedTokens {
        SealedTokens(
            accessToken: try seal(tokens.accessToken, for: identity, in: .accessToken),
            refreshToken: try tokens.refreshToken.map { try seal($0, for: identity, in: .refreshToken) },
            version: version,
            expiresAt: tokens.expiresAt
        )
    }

    /// An encrypted token encrypted again with the current key; nil if no key decrypts it.
    func reseal(_ sealed: [UInt8], version: Int32, for identity: IdentityKey, in column: Column) throws -> [UInt8]? {
        if version == self.version { return sealed }
        return try open(sealed, version: version, for: identity, in: column)
            .map { try seal($0, for: identity, in: column) }
    }

    /// Provider and column contain no space and no slash, so each context is unique.
    private static func context(_ identity: IdentityKey, _ column: Column) -> String {
        "\(identity.provider.rawValue)/\(column.rawValue)/\(identity.subject)"
    }
}

/// The encrypted tokens of a row.
struct SealedTokens: Sendable {
    let accessToken: [UInt8]?
    let refreshToken: [UInt8]?
    let version: Int32
    let expiresAt: Date?
}
