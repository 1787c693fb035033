import Shared

/// The failure of a provider sign-in, from the query of a page.
///
/// All values are from closed lists or validated, so that a link can show a failure, but not its own text.
struct OAuthReport: Sendable, Equatable {
    /// The reason.
    let failure: OAuthFailure
    /// The provider, if known.
    let provider: OAuthProvider?
    /// The request ID, to find the log lines.
    let errorID: String?

    /// Reads the query parameters (see `PagePath`); nil when there is no failure.
    init?(_ query: Form) {
        guard let failure = query.value(PagePath.failureParameter).flatMap({ OAuthFailure(exactly: $0) })
        else { return nil }
        self.failure = failure
        provider = query.provider(PagePath.providerParameter)
        errorID = query.value(PagePath.errorIDParameter).flatMap { Self.isIdentifier($0) ? $0 : nil }
    }

    /// Whether a text is a request ID of this site, 32 hexadecimal digits, and not a message.
    private static func isIdentifier(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// The report of a pending link that has expired.
    init(expiredLinkTo provider: OAuthProvider) {
        failure = .flowExpired
        self.provider = provider
        errorID = nil
    }
}
