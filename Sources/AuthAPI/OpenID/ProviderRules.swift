import Shared

extension AuthorizationResponse {
    /// Checks that the response is from the requested provider (RFC 9207, section 2.4), against mix-up attacks.
    ///
    /// A response without an issuer passes unless `isRequired`: the provider declares that its responses name it.
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
            // It is from a URL that anyone can forge: only a possible issuer is logged.
            throw .mismatch(
                "the provider's response has another issuer",
                expected: expected,
                received: ProviderAddress(issuer) == nil ? "(no issuer)" : issuer
            )
        }
    }
}

extension ProviderError {
    /// Two values that had to be equal, for the operator.
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

    /// Accepts the address unchanged or not at all: unlike typed text, it is not cleaned, because folding characters could
    /// turn one user's address into another's.
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

extension DisplayName {
    /// The first of the names from a provider that can be shown.
    static func first(of names: String?...) -> String? {
        names.lazy.compactMap { $0 }.compactMap { DisplayName(cleaning: $0)?.value }.first
    }
}
