import FoundationEssentials
import Shared

/// An invitation with its link.
struct InviteLink: Sendable, Encodable {
    let id: String
    let email: String?
    let uses: Int32
    let link: String
    let expiresAt: Date
    /// Who may create an account.
    let mode: RegistrationMode

    private enum CodingKeys: String, CodingKey {
        case id, email, uses, link
        case expiresAt = "expires_at"
    }
}

extension OperatorService {
    /// Creates an invitation.
    ///
    /// - Throws: `invalid_fields` when `REGISTRATION_DOMAINS` does not allow the address.
    func invite(_ email: EmailAddress?, uses: Int32, validFor seconds: Int) async throws -> InviteLink {
        let registration = settings.registration
        if let email, !registration.allows(email) {
            let domains = registration.domains.joined(separator: ", ")
            throw APIError(
                .invalidFields,
                detail: "\(email.value) is not in a domain of REGISTRATION_DOMAINS (\(domains))\n"
                    + "  fix: add the domain, or create the user: AuthAPI user create \(email.value)"
            )
        }
        let code = OneTimeCode()
        let invite = NewInvite(
            id: .random(),
            hash: OneTimeCodeKeys(for: .inviteCodes, from: settings.secretKeys).hash(code),
            email: email,
            uses: uses,
            lifetime: Int64(seconds)
        )
        return InviteLink(
            id: invite.id.lowercaseText,
            email: email?.value,
            uses: uses,
            link: code.link(to: PagePath.register, as: "invite", at: settings.common.publicURL),
            expiresAt: try await invites.create(invite),
            mode: registration.mode
        )
    }
}
