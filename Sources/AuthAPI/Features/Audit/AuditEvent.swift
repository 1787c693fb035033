import FoundationEssentials
import Shared

/// What the audit trail tells, by the names that its table has for it.
///
/// Most events are written by the very statements that do what they tell, and so with it or not at all.
enum AuditEventKind: String, CaseIterable, Sendable {
    /// Somebody made an account, with a password or through a provider.
    case registered
    /// A session was opened, with a password or through a provider.
    case signedIn = "signed_in"
    /// A password was wrong, or there was nothing to check it against.
    case signInFailed = "sign_in_failed"
    /// A limit was met: one event for each limit, whom it limits, and period.
    case throttled
    /// Somebody ended the session that asked.
    case signedOut = "signed_out"
    /// A session was ended from another, or by an operator.
    case sessionEnded = "session_ended"
    case providerLinked = "provider_linked"
    case providerUnlinked = "provider_unlinked"
    /// A password hash gave way to one of today's cost.
    case hashUpgraded = "hash_upgraded"
    /// An operator made an account.
    case userCreated = "user_created"
    /// An operator deleted an account, or its owner did.
    case userDeleted = "user_deleted"
    /// A password was changed, or a first one set.
    case passwordChanged = "password_changed"
    /// A signed-in user's password was wrong where it had to be entered again.
    case confirmationFailed = "confirmation_failed"
    /// A signed-in user signed in again at a provider to confirm a change.
    case reauthenticated
    case nameChanged = "name_changed"
    /// A user downloaded what is stored about them.
    case dataDownloaded = "data_downloaded"
    /// An operator disabled a user, or let a disabled one sign in again.
    case userDisabled = "user_disabled"
    case userEnabled = "user_enabled"
    /// An operator changed a user's address; the subject is the former one.
    case emailChanged = "email_changed"
    /// An operator let provider accounts that their user has disconnected sign in again.
    case identityAllowed = "identity_allowed"
    /// An operator gave all attempts of a limit back.
    case limitCleared = "limit_cleared"
    /// An operator made a one-time link for a user.
    case recoveryCreated = "recovery_created"
    /// An operator made or revoked an invitation.
    case inviteCreated = "invite_created"
    case inviteRevoked = "invite_revoked"
}

/// Why a sign-in failed, in the column `detail`; for operators only, who asks is never told.
enum SignInFailure: String, Sendable {
    case wrongPassword = "wrong_password"
    /// The account's owner signs in through a provider only.
    case noPassword = "no_password"
    case unknownAccount = "unknown_account"
    /// The password was right, and an operator has disabled the account.
    case userDisabled = "user_disabled"
}

/// How a provider account came to be linked, in the column `detail`.
enum LinkReason: String, Sendable {
    /// The account was made with it.
    case registration
    /// Providers had verified the same email on both sides.
    case email = "by_email"
    /// Its owner, signed in, asked for it.
    case owner = "by_owner"
    /// Its owner entered the password of the account.
    case password = "by_password"
}
