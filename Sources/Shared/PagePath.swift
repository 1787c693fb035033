/// The pages that the API sends browsers to, and the parameters by which it tells a page what happened.
public enum PagePath {
    /// Where a flow that signs in ends when it fails, and where a password is asked for to link a provider account.
    public static let login = "/login"
    /// Where a new password is set with a one-time link.
    public static let recover = "/recover"
    /// Where an account is created.
    public static let register = "/register"
    /// Where a flow that links ends.
    public static let account = "/account"
    /// Where the password is changed.
    public static let password = "/account/password"
    /// Where the name is changed.
    public static let name = "/account/name"
    /// Where a user downloads what is stored about them.
    public static let data = "/account/data"
    /// Where the account is deleted.
    public static let deletion = "/account/delete"
    /// The cookie in which a page keeps the code of an invitation, without the prefix that it has over TLS.
    public static let inviteCookie = "registration_invite"
    /// An ``OAuthFailure`` code.
    public static let failureParameter = "oauth_error"
    /// The ``OAuthProvider`` that it is about.
    public static let providerParameter = "provider"
    /// The request id under which the log tells more.
    public static let errorIDParameter = "error_id"
    /// The ``OAuthProvider`` whose waiting account a password is to link.
    public static let connectParameter = "connect"
    /// The page to go to afterwards.
    public static let returnParameter = "return_to"
    /// The ``OAuthProvider`` that has just been linked.
    public static let connectedParameter = "connected"
    /// The ``OAuthProvider`` to sign in through, when the visitor has to be asked first.
    public static let confirmParameter = "confirm"
    /// The ticket with which signing in again to confirm a change begins.
    public static let reauthenticateParameter = "reauthenticate"
    /// Has the provider ask which of its accounts is meant, whatever the value.
    public static let chooseParameter = "choose"
}
