import Synchronization

/// When tokens whose signature was found good are valid, so that it need not be computed again for each request.
///
/// Who presents the same bytes gets the same answer as before: the keys do not change while the process runs. Times are
/// compared anew each time, and whether the session still lives is the database's to say.
final class VerifiedTokens: Sendable {
    /// The most tokens, all of this site, that are known at once; then all are forgotten.
    static let limit = 4096

    private let validities = Mutex<[TokenHash: TokenValidity]>([:])

    /// What is known of a token.
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

/// The times of a token, in seconds since 1970.
struct TokenValidity: Sendable {
    /// How far, in seconds, the clock of another replica may be ahead.
    static let clockLeeway = 60

    /// Before when it must not be taken; ours have no such time.
    let begins: Int
    /// When it ends.
    let ends: Int

    /// Whether the token is valid at a time.
    func contains(_ seconds: Int) -> Bool { begins <= seconds + Self.clockLeeway && seconds < ends }
}
