/// The pages to which the API redirects browsers, and the query parameters that it passes to them.
public enum PagePath {
    /// The sign-in page: the target of failed provider sign-ins, and of linking with a password.
    public static let login = "/login"
    /// Sets a new password with a one-time link.
    public static let recover = "/recover"
    /// Creates an account.
    public static let register = "/register"
    /// Asks for the email address that a provider has not verified.
    public static let address = "/register/address"
    /// The account page: the target of flows that link.
    public static let account = "/account"
    /// Changes the password.
    public static let password = "/account/password"
    /// Changes the name.
    public static let name = "/account/name"
    /// Downloads the user's data.
    public static let data = "/account/data"
    /// Deletes the account.
    public static let deletion = "/account/delete"
    /// Leads to the application on its own host.
    public static let enter = "/enter"
    /// An ``OAuthFailure`` code.
    public static let failureParameter = "oauth_error"
    /// The ``OAuthProvider`` concerned.
    public static let providerParameter = "provider"
    /// The request ID, to find the log lines.
    public static let errorIDParameter = "error_id"
    /// The ``OAuthProvider`` whose pending account the password links.
    public static let pendingLinkParameter = "connect"
    /// The page to go to afterwards.
    public static let returnParameter = "return_to"
    /// The ``OAuthProvider`` that has just been linked.
    public static let linkedParameter = "connected"
    /// The ``OAuthProvider`` to sign in through, if the visitor must confirm first.
    public static let confirmParameter = "confirm"
    /// The ticket that starts linking a provider account.
    public static let linkParameter = "link"
    /// The ticket that starts signing in again to confirm a change.
    public static let reauthenticateParameter = "reauthenticate"
    /// Lets the provider ask for the account to use; the value is ignored.
    public static let chooseParameter = "choose"
}
