import FoundationEssentials
import Shared

/// Encrypts what providers let this site do, so that whoever reads the database cannot use it (D4).
struct ProviderTokenVault: Sendable {
    /// The columns that hold tokens.
    enum Column: String, Sendable {
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
    }

    /// The most bytes of a token; the column takes what sealing makes of them.
    static let maximumLength = 16 * 1024 - 28

    private let keys: SealingKeys

    /// Makes a vault; the key in use before still opens what it sealed.
    init(secretKey: Secret, previous: Secret?) {
        keys = SealingKeys(for: .providerTokens, secretKey: secretKey, previous: previous)
    }

    /// The version of the key that seals, for `key_version`.
    var version: Int32 { keys.version }

    /// Seals a token for one column of one identity's row: copied to another, it does not open.
    func seal(_ token: Secret, for identity: IdentityKey, in column: Column) throws -> [UInt8] {
        try keys.seal(Array(token.value.utf8), in: Self.context(identity, column))
    }

    /// Opens a token; nil when no key of that version is there, or the row is not the one that it was sealed for.
    func open(_ sealed: [UInt8], version: Int32, for identity: IdentityKey, in column: Column) -> Secret? {
        keys.open(sealed, version: version, in: Self.context(identity, column))
            .map { Secret(String(decoding: $0, as: UTF8.self)) }
    }

    /// The tokens of a sign-in, ready for the row.
    func seal(_ tokens: ProviderTokens, for identity: IdentityKey) throws -> SealedTokens {
        SealedTokens(
            accessToken: try seal(tokens.accessToken, for: identity, in: .accessToken),
            refreshToken: try tokens.refreshToken.map { try seal($0, for: identity, in: .refreshToken) },
            version: version,
            expiresAt: tokens.expiresAt
        )
    }

    /// A sealed token under today's key; nil when no key opens it.
    func reseal(_ sealed: [UInt8], version: Int32, for identity: IdentityKey, in column: Column) throws -> [UInt8]? {
        if version == self.version { return sealed }
        return try open(sealed, version: version, for: identity, in: column)
            .map { try seal($0, for: identity, in: column) }
    }

    /// Provider and column hold neither blank nor slash, so no two rows have the same context.
    private static func context(_ identity: IdentityKey, _ column: Column) -> String {
        "\(identity.provider.rawValue)/\(column.rawValue)/\(identity.subject)"
    }
}

/// What names an identity: never the email, which can change hands (OpenID Connect Core, section 5.7).
struct IdentityKey: Sendable, Hashable {
    let provider: OAuthProvider
    /// What the provider calls the person.
    let subject: String
}

/// Tokens as a row holds them.
struct SealedTokens: Sendable {
    let accessToken: [UInt8]?
    let refreshToken: [UInt8]?
    let version: Int32
    let expiresAt: Date?
}
