import FoundationEssentials
import Shared

/// The kinds of audit events, with their names in the table.
///
/// Most events are written by the statement that performs the action, so that both happen or neither.
enum AuditEventKind: String, CaseIterable, Sendable {
    /// An account was created, with a password or through a provider.
    case registered
    /// A session was opened, with a password or through a provider.
    case signedIn = "signed_in"
    /// A password was wrong, or there was no password to check it against.
    case signInFailed = "sign_in_failed"
    /// A rate limit was exceeded: one event per limit, subject and period.
    case throttled
    /// A session was ended by signing out.
    case signedOut = "signed_out"
    /// A session was ended from another one, or by an operator.
    case sessionEnded = "session_ended"
    case providerLinked = "provider_linked"
    case providerUnlinked = "provider_unlinked"
    /// A password hash was replaced by one with the current cost.
    case hashUpgraded = "hash_upgraded"
    /// An operator created an account.
    case userCreated = "user_created"
    /// An operator or the user deleted an account.
    case userDeleted = "user_deleted"
    /// A password was changed, or the first one was set.
    case passwordChanged = "password_changed"
    /// A signed-in user entered a wrong password to confirm a change.
    case confirmationFailed = "confirmation_failed"
    /// A signed-in user signed in again at a provider to confirm a change.
    case reauthenticated
    case nameChanged = "name_changed"
    /// A user downloaded their data.
    case dataDownloaded = "data_downloaded"
    /// An operator disabled or enabled a user.
    case userDisabled = "user_disabled"
    case userEnabled = "user_enabled"
    /// An operator changed a user's email address; the subject is the previous one.
    case emailChanged = "email_changed"
    /// An operator allowed disconnected provider accounts again.
    case identityAllowed = "identity_allowed"
    /// An operator cleared a rate limit.
    case limitCleared = "limit_cleared"
    /// An operator created a one-time link for a user.
    case recoveryCreated = "recovery_created"
    /// A signed-in user may not use the application: one event per session and reason.
    case accessRefused = "access_refused"
    /// An operator created or revoked an invitation.
    case inviteCreated = "invite_created"
    case inviteRevoked = "invite_revoked"
}

/// Why a sign-in failed, in the column `detail`; for operators, never in responses.
enum SignInFailure: String, Sendable {
    case wrongPassword = "wrong_password"
    /// The user signs in through a provider only.
    case noPassword = "no_password"
    case unknownAccount = "unknown_account"
    /// The password was correct, but an operator has disabled the account.
    case userDisabled = "user_disabled"
}

/// How a provider account was linked, in the column `detail`.
enum LinkReason: String, Sendable {
    /// The account was created with it.
    case registration
    /// Providers have verified the same email address on both sides.
    case email = "by_email"
    /// The signed-in user linked it.
    case owner = "by_owner"
    /// The user entered the password of the account.
    case password = "by_password"
}
