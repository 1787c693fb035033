import Synchronization

/// A cache of tokens with a valid signature, so that it need not be verified again for each request.
///
/// The same bytes always have the same result, because the keys do not change while the process runs. Times are
/// compared each time, and the database determines whether the session is live.
final class VerifiedTokens: Sendable {
    /// The maximum number of tokens, all of this site; then the cache is cleared.
    static let limit = 4096

    private let validities = Mutex<[TokenHash: TokenValidity]>([:])

    /// A cached token.
    subscript(token: TokenHash) -> TokenValidity? {
        get { validities.withLock { $0[token] } }
        set {
            validities.withLock { validities in
                if validities.count >= Self.limit { validities.removeAll(keepingCapacity: true) }
                validities[token] = newValue
            }
        }
    }
}

/// The validity of a token, in seconds since 1970.
struct TokenValidity: Sendable {
    /// The tolerated clock difference between replicas in seconds.
    static let clockLeeway = 60

    /// When it becomes valid; our tokens have no such time.
    let begins: Int
    /// When it expires.
    let ends: Int

    /// Whether the token is valid at a time.
    func contains(_ seconds: Int) -> Bool { begins <= seconds + Self.clockLeeway && seconds < ends }
}
