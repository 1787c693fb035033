/// Every path of the authentication API, for the router, the client and the tests.
public enum APIPath {
    /// Creates an account and signs in.
    public static let register = "/api/auth/register"
    /// Signs in with email and password.
    public static let login = "/api/auth/login"
    /// Sets a new password with a one-time link.
    public static let recover = "/api/auth/recover"
    /// Ends the session of the request.
    public static let logout = "/api/auth/logout"
    /// Returns the signed-in user.
    public static let me = "/api/auth/me"
    /// Changes the signed-in user's password, or sets the first one.
    public static let password = "/api/auth/password"
    /// Changes the signed-in user's name.
    public static let name = "/api/auth/name"
    /// Everything that is stored about the signed-in user.
    public static let data = "/api/auth/data"
    /// How the signed-in user can confirm a change.
    public static let confirmation = "/api/auth/confirmation"
    /// Deletes the signed-in user's account.
    public static let deletion = "/api/auth/delete"
    /// The signed-in user's live sessions.
    public static let sessions = "/api/auth/sessions"
    /// One session of the signed-in user; the router's pattern.
    public static let session = "/api/auth/sessions/{id}"
    /// The enabled providers.
    public static let providers = "/api/auth/providers"
    /// The provider account that is pending until the password is entered.
    public static let pendingLink = "/api/auth/connect"
    /// The provider account that is pending until an email address is entered; creates an account with one.
    public static let address = "/api/auth/address"
    /// The provider accounts linked to the signed-in user.
    public static let identities = "/api/auth/identities"
    /// One linked provider account; the router's pattern.
    public static let identity = "/api/auth/identities/{id}"
    /// Whether a request may reach the application; for this system's nginx only.
    public static let accessCheck = "/api/auth/check"
    /// The same for other reverse proxies.
    public static let accessVerify = "/api/auth/verify"
    /// Starts a session on the application's own host, for a browser without one; for this system's nginx only.
    public static let entry = "/api/auth/entry"
    /// Opens the session on the application's own host with a code.
    public static let entered = "/api/auth/entered"
    /// The public keys of assertions.
    public static let keySet = "/.well-known/jwks.json"
    /// Name, version and documentation of the API; the only path that ends in a slash.
    public static let index = "/api/"
    /// The OpenAPI document.
    public static let openAPI = "/openapi.json"
    /// The readable reference made from the OpenAPI document.
    public static let docs = "/docs"
    /// The state of the service and its database.
    public static let health = "/health"
    /// Whether the process runs; does not query the database.
    public static let liveness = "/health/live"
    /// Whether requests can be served: the database is reachable and its schema is current.
    public static let readiness = "/health/ready"

    /// The path of the session with the given ID.
    public static func session(_ id: String) -> String { "\(sessions)/\(id)" }
    /// The path of the linked provider account with the given ID.
    public static func identity(_ id: String) -> String { "\(identities)/\(id)" }
    /// Starts signing in or linking through a provider.
    public static func startOAuth(_ provider: OAuthProvider) -> String { "/api/auth/\(provider.rawValue)" }
    /// The callback of a provider.
    public static func oauthCallback(_ provider: OAuthProvider) -> String { "/api/auth/callback/\(provider.rawValue)" }
}
