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
                throw ProviderError(.providerError, "the provider's answer does not name its issuer")
            }
            return
        }
        guard issuer == expected else {
            throw ProviderError(.providerError, "the provider's answer names another issuer")
        }
    }
}

extension EmailAddress {
    /// The address that a provider gave, when the provider has verified it.
    ///
    /// - Throws: ``ProviderError`` with `email_missing` or `email_unverified`.
    static func verified(_ text: String?, isVerified: Bool) throws(ProviderError) -> EmailAddress {
        guard let text, !text.isEmpty else {
            throw ProviderError(.emailMissing, "the provider account has no email, or did not share it")
        }
        guard let email = try? EmailAddress(text) else {
            throw ProviderError(.emailMissing, "the provider account's email is not one that accounts here can have")
        }
        guard isVerified else {
            throw ProviderError(.emailUnverified, "the provider has not verified the account's email")
        }
        return email
    }
}
