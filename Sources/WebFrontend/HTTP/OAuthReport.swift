import Shared

/// How a flow through a provider failed, as far as the address of a page tells.
///
/// All of it is from closed lists or has a checked form, so that a link can make a page say that something failed, but
/// not in words of its own.
struct OAuthReport: Sendable, Equatable {
    /// What happened.
    let failure: OAuthFailure
    /// Whom it is about, if that is known.
    let provider: OAuthProvider?
    /// The identifier under which the log tells more.
    let errorID: String?

    /// Reads the parameters of an address (see `PagePath`); nil when they tell of no failure.
    init?(_ query: Form) {
        guard let failure = OAuthFailure(exactly: query[PagePath.failureParameter]) else { return nil }
        let errorID = query[PagePath.errorIDParameter]
        self.failure = failure
        provider = query.provider(PagePath.providerParameter)
        self.errorID = Self.isIdentifier(errorID) ? errorID : nil
    }

    /// Whether a text looks like a request id of this site and like nothing that somebody would read: 32 hexadecimal
    /// digits.
    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// A connection that no longer waits for its password.
    init(connectionOver provider: OAuthProvider) {
        failure = .flowExpired
        self.provider = provider
        errorID = nil
    }
}
