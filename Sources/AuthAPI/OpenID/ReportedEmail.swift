import Shared

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
