/// Why signing in through a provider did not work: the closed list of codes that the API puts into the address of the
/// page that it sends the browser to, as `oauth_error`.
///
/// Pages translate codes; nothing that a provider or an address says is ever shown.
public enum OAuthFailure: String, Sendable, CaseIterable, Error {
    /// The person said no at the provider.
    case accessDenied = "access_denied"
    /// The browser that came back did not start, or started too long ago, or used the answer already.
    case flowExpired = "flow_expired"
    /// The provider cannot be reached, or takes too long.
    case providerUnavailable = "provider_unavailable"
    /// The provider answered with an error, or with something that must not be believed.
    case providerError = "provider_error"
    /// The provider account has no email, or did not share it.
    case emailMissing = "email_missing"
    /// The provider has not verified the account's email.
    case emailUnverified = "email_unverified"
    /// The provider account's email is none that an account of this site can have.
    case emailUnusable = "email_unusable"
    /// The provider account is linked to another user of this site.
    case identityTaken = "identity_taken"
    /// The provider account was disconnected; only its user, signed in, connects it again.
    case identityDisconnected = "identity_disconnected"
    /// An account has the email; its user signs in as before and connects the provider account.
    case accountExists = "account_exists"
    /// An operator has disabled the account.
    case accountDisabled = "account_disabled"
    /// A new account would be created, and none are accepted.
    case registrationClosed = "registration_closed"
    /// A new account would be created without a valid invitation.
    case notInvited = "not_invited"
    /// A new account would be created with an address of a domain that is not allowed.
    case domainNotAllowed = "domain_not_allowed"
    /// An account of this provider is linked to the user already.
    case providerAlreadyLinked = "provider_already_linked"
    /// This server's clock and the provider's disagree.
    case clockSkew = "clock_skew"
    /// The provider is not set up on this site.
    case providerDisabled = "provider_disabled"
    /// Linking needs a signed-in user, the same at the start and at the end.
    case signInRequired = "sign_in_required"
    /// Linking was not started from the account page of the same session.
    case notFromThisSite = "not_from_this_site"
    /// The provider did not have the person sign in again, or does not say so.
    case notReauthenticated = "not_reauthenticated"
    /// The person signed in again with a provider account that is not theirs here.
    case identityDiffers = "identity_differs"
    /// The provider account was linked too lately to confirm a change.
    case identityTooNew = "identity_too_new"
    /// Something that this site needs is away.
    case serviceUnavailable = "service_unavailable"
    /// A fault of this site.
    case internalError = "internal_error"
}
