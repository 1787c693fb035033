import Shared

/// The page that asks for the email address of a new account.
struct AddressView: FormView {
    static let template = "address"
    /// The pending provider account.
    let pending: PendingAddressBody
    /// The page to go to afterwards.
    let returnTo: ReturnPath?
    /// The enabled providers.
    let providers: Providers
    /// The email domains that can create an account; empty for all.
    let domains: [String]
    /// The address that the provider reports, or the typed one.
    var email = ""
    /// The typed code of an invitation.
    var invite = ""
    /// The signed-in user whose session the new one replaces.
    var replaced: UserBody?
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    /// The visitor, who is signed in if a session is replaced.
    var visitor: Visitor { replaced.map(Visitor.signedIn) ?? .anonymous }

    var location: String? {
        SitePath.address.withQuery([
            (PagePath.providerParameter, pending.provider.rawValue), (PagePath.returnParameter, returnTo?.value),
        ])
    }

    func title(_ texts: Translator) -> String { texts[.titleAddress] }

    func values(_ texts: Translator) -> ViewValues {
        let provider = providers.displayName(pending.provider, texts)
        let emailField = FieldView(.email, .labelEmail, .email, autocomplete: "email", value: email)
        var values: ViewValues = [
            "typed_form": "address-form", "provider": pending.provider.rawValue,
            "lead": texts.text(.addressLead, ["provider": provider]),
            "email_field": emailField.values(texts, errors: errors),
            "other_link": SitePath.path(SitePath.login, returnTo: returnTo),
        ]
        for name in ["account", "replaces", "domains", "return_to", "invite_field"] { values[name] = false }
        if let name = pending.name {
            values["account"] = ["label": texts.text(.addressAccount, ["provider": provider]), "name": name]
        }
        if let replaced {
            let parts = texts.parts(.confirmReplaces, around: "email")
            values["replaces"] = ["before": parts.before, "email": replaced.email, "after": parts.after]
        }
        if !domains.isEmpty {
            values["domains"] = texts.text(.registerDomains, ["domains": domains.joined(separator: ", ")])
        }
        if let returnTo { values["return_to"] = returnTo.value }
        // The invitation of the flow is used, unless that failed.
        if !invite.isEmpty || errors.contains(where: { $0.field == .invite }) {
            values["invite_field"] = FieldView.invite(invite).values(texts, errors: errors)
        }
        return values
    }
}
