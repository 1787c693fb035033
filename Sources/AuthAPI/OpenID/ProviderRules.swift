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
                received: ProviderURL(issuer) == nil ? "(no issuer)" : issuer
            )
        }
    }
}

extension DisplayName {
    /// The first of the names from a provider that can be shown.
    static func first(of names: String?...) -> String? {
        names.lazy.compactMap { $0 }.compactMap { DisplayName(cleaning: $0)?.value }.first
    }
}
