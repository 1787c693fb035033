import Shared

/// What a sign-in with an identity does, based on the state of the identity and of its email (A12).
///
/// An identity is linked by email only if its provider is the authority for that email today (``EmailAuthority``), and only
/// to an account whose email a provider has verified. Otherwise an attacker who registers or once had another user's address
/// would share the account with its owner ("account pre-hijacking"). An unverified address counts as none: it links to
/// nothing. Only the signed-in user who disconnected an identity can connect it again.
enum LinkingPolicy {
    /// The account that has the identity's email.
    struct SameEmail: Sendable, Equatable {
        /// Whether a provider has verified the email.
        let isVerified: Bool
        /// Whether the account has a password.
        let hasPassword: Bool
        /// Whether another account of the same provider is linked to it.
        let hasProvider: Bool
        /// Whether an operator has disabled the account.
        var isDisabled = false
    }

    enum Decision: Sendable, Equatable {
        /// The identity is linked: sign its user in.
        case signIn
        /// No account has the email: create a user.
        case create
        /// No email is verified: ask the user for one, and create a user without searching for others.
        case askAddress
        /// Link it to the account with the same email.
        case link
        /// Link it once the password of the account with the same email has been entered.
        case askPassword
        case reject(Rejection)
    }

    /// Why a sign-in with an identity is rejected; the raw values are those of the audit trail's `detail`.
    enum Rejection: String, Sendable, Equatable {
        /// Its user has disconnected it.
        case disconnected = "identity_disconnected"
        /// The account with the same email has another account of this provider.
        case providerTaken = "provider_already_linked"
        /// The account with the same email has no password: its user must sign in as before and link the identity.
        case accountExists = "account_exists"
        /// An operator has disabled the account that it signs in to, or would be linked to.
        case userDisabled = "user_disabled"
    }

    static func decision(
        isLinked: Bool,
        isDisconnected: Bool,
        hasEmail: Bool,
        isEmailAuthority: Bool,
        sameEmail: SameEmail?
    ) -> Decision {
        if isLinked { return .signIn }
        if isDisconnected { return .reject(.disconnected) }
        guard hasEmail else { return .askAddress }
        guard let sameEmail else { return .create }
        if sameEmail.hasProvider { return .reject(.providerTaken) }
        if sameEmail.isVerified, isEmailAuthority { return sameEmail.isDisabled ? .reject(.userDisabled) : .link }
        return sameEmail.hasPassword ? .askPassword : .reject(.accountExists)
    }
}

extension LinkingPolicy.Rejection {
    /// The error for the user and the operator.
    var error: ProviderError {
        switch self {
        case .disconnected:
            ProviderError(
                .identityDisconnected,
                "the identity was disconnected: only its signed-in user can connect it again"
            )
        case .providerTaken:
            ProviderError(.providerAlreadyLinked, "another account of the provider is linked to the user")
        case .accountExists:
            ProviderError(
                .accountExists,
                "the email has an account, and the provider is not the authority for the email"
            )
        case .userDisabled:
            ProviderError(.accountDisabled, "an operator has disabled the user")
        }
    }
}
