import Shared

extension AuthorizationAnswer {
    /// Checks that the answer came from the provider that was asked (RFC 9207, section 2.4): the defence against mix-up.
    ///
    /// Without an issuer an answer passes unless `isRequired`: the provider says that its answers name it.
    ///
    /// - Throws: ``ProviderError``.
    func checkIssuer(_ expected: String, isRequired: Bool) throws(ProviderError) {
        guard let issuer else {
            guard !isRequired else {
                throw ProviderError(.providerError, "the provider's response has no issuer")
            }
            return
        }
        guard issuer.utf8.elementsEqual(expected.utf8) else {
            // It stands in an address that anybody can write: only what could be an issuer is worth a log line.
            throw .mismatch(
                "the provider's response has another issuer",
                expected: expected,
                received: ProviderAddress(issuer) == nil ? "(no issuer)" : issuer
            )
        }
    }
}

extension ProviderError {
    /// Two spellings that had to be the same, both for the operator to see.
    static func mismatch(_ reason: StaticString, expected: String, received: String) -> ProviderError {
        ProviderError(
            .providerError,
            reason,
            details: [
                (name: "expected", value: LogExcerpt(expected)), (name: "received", value: LogExcerpt(received)),
            ]
        )
    }
}

/// The email address that a provider reports for an account: verified, unverified, or none.
struct ReportedEmail: Sendable {
    /// The address, if the provider has verified it.
    let verified: EmailAddress?
    /// The address, if the provider has not verified it.
    let unverified: EmailAddress?

    /// Reads the address as it is or not at all: unlike typed text it is not cleaned, because characters that look or
    /// fold like others must not turn one user's address into another's.
    init(_ text: String?, isVerified: Bool) {
        var email: EmailAddress?
        if let text, text.utf8.count <= 2 * EmailAddress.maximumLength,
            text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        {
            email = try? EmailAddress(exactly: text)
        }
        verified = isVerified ? email : nil
        unverified = isVerified ? nil : email
    }
}
