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

extension EmailAddress {
    /// The address that a provider gave, when the provider has verified it.
    ///
    /// Unlike what people type, it is taken as it is or not at all: characters that look or fold like others must not
    /// make one person's address of another's.
    ///
    /// - Throws: ``ProviderError`` with `email_missing`, `email_unusable` or `email_unverified`.
    static func verified(_ text: String?, isVerified: Bool) throws(ProviderError) -> EmailAddress {
        guard let text, text.utf8.contains(where: { $0 != UInt8(ascii: " ") }) else {
            throw ProviderError(.emailMissing, "the provider account has no email, or did not share it")
        }
        guard text.utf8.count <= 2 * maximumLength, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            let email = try? EmailAddress(exactly: text)
        else {
            throw ProviderError(.emailUnusable, "the provider account's email is not one that accounts here can have")
        }
        guard isVerified else {
            throw ProviderError(.emailUnverified, "the provider has not verified the account's email")
        }
        return email
    }
}
