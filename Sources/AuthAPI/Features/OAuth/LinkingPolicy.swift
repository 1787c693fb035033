import Shared

/// Whom an identity signs in, decided by what is known of it and of its email (A12).
///
/// An identity is linked by its email only where a provider has vouched for that email on both sides. Else whoever
/// registers a stranger's address with a password would share the account with its owner, once they come by way of a
/// provider ("account pre-hijacking").
enum LinkingPolicy {
    /// The account that has the identity's email.
    struct SameEmail: Sendable, Equatable {
        /// Whether a provider has vouched for the email.
        let isVerified: Bool
        /// Whether another account of the same provider is linked to it.
        let hasProvider: Bool
    }

    /// What to do.
    enum Decision: Sendable, Equatable {
        /// The identity is linked: sign its user in.
        case signIn
        /// Nobody has the email: make a user of it.
        case create
        /// Link it to the account with the same email.
        case link
        /// Link it once the password of the account with the same email has been entered.
        case askPassword
        /// The account with the same email has another account of this provider.
        case refuse
    }

    static func decision(isLinked: Bool, sameEmail: SameEmail?) -> Decision {
        if isLinked { return .signIn }
        guard let sameEmail else { return .create }
        if sameEmail.hasProvider { return .refuse }
        return sameEmail.isVerified ? .link : .askPassword
    }
}
