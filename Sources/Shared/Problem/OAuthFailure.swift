/// Why a provider sign-in failed: the closed list of codes that the API passes to the page it redirects to, as
/// `oauth_error`.
///
/// Pages translate codes; text from a provider or a URL is never shown.
public enum OAuthFailure: String, Sendable, CaseIterable, Error {
    /// The user denied access at the provider.
    case accessDenied = "access_denied"
    /// The callback does not belong to a flow of this browser, has expired, or was used already.
    case flowExpired = "flow_expired"
    /// The provider cannot be reached or responds too slowly.
    case providerUnavailable = "provider_unavailable"
    /// The provider responded with an error, or with data that failed verification.
    case providerError = "provider_error"
    /// The provider does not sign in users whose email address it has not verified.
    case emailUnverified = "email_unverified"
    /// The provider account is linked to another user of this site.
    case identityTaken = "identity_taken"
    /// The provider account was disconnected; only its signed-in user can link it again.
    case identityDisconnected = "identity_disconnected"
    /// Another sign-in method has this email address; the user signs in with it and links the provider account.
    case accountExists = "account_exists"
    /// An operator has disabled the account.
    case accountDisabled = "account_disabled"
    /// This would create an account, and registration is closed.
    case registrationClosed = "registration_closed"
    /// This would create an account without a valid invitation.
    case notInvited = "not_invited"
    /// This would create an account with an email domain that is not allowed.
    case domainNotAllowed = "domain_not_allowed"
    /// The user already has a linked account of this provider.
    case providerAlreadyLinked = "provider_already_linked"
    /// The clocks of this server and the provider differ.
    case clockSkew = "clock_skew"
    /// The provider is not configured.
    case providerDisabled = "provider_disabled"
    /// Linking requires a signed-in user, the same at the start and at the end.
    case signInRequired = "sign_in_required"
    /// Linking requires a sign-in, or a confirmation, less than ten minutes ago.
    case signInAgain = "sign_in_again"
    /// Linking was not started from the account page of the same session.
    case notFromThisSite = "not_from_this_site"
    /// The provider did not confirm that the user signed in again.
    case notReauthenticated = "not_reauthenticated"
    /// The user signed in again with a provider account that is not linked to them.
    case identityDiffers = "identity_differs"
    /// The provider account was linked too recently to confirm a change.
    case identityTooNew = "identity_too_new"
    /// A service that this site needs is unavailable.
    case serviceUnavailable = "service_unavailable"
    /// An internal error.
    case internalError = "internal_error"
}
