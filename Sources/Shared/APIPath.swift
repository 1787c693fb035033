/// Every path of the authentication API, written once for the router, the client and the tests.
public enum APIPath {
    /// Creates an account and signs it in.
    public static let register = "/api/auth/register"
    /// Signs in with email and password.
    public static let login = "/api/auth/login"
    /// Sets a new password with a one-time link.
    public static let recover = "/api/auth/recover"
    /// Ends the session that asks.
    public static let logout = "/api/auth/logout"
    /// Says who is signed in.
    public static let me = "/api/auth/me"
    /// Changes the signed-in user's password, or sets a first one.
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
    /// One session of the signed-in user, as the router writes it.
    public static let session = "/api/auth/sessions/{id}"
    /// The providers that are set up.
    public static let providers = "/api/auth/providers"
    /// The provider account that waits to be linked by a password.
    public static let pendingConnection = "/api/auth/connect"
    /// The provider account that waits for an email address, and what creates an account with one.
    public static let address = "/api/auth/address"
    /// The provider accounts linked to the signed-in user.
    public static let identities = "/api/auth/identities"
    /// One linked provider account, as the router writes it.
    public static let identity = "/api/auth/identities/{id}"
    /// Whether a request may reach the application; for this system's reverse proxy alone.
    public static let accessCheck = "/api/auth/check"
    /// The same for other reverse proxies.
    public static let accessVerify = "/api/auth/verify"
    /// Where a browser without a session begins to enter the application on its own host; for this system's reverse proxy
    /// alone.
    public static let entry = "/api/auth/entry"
    /// Where a browser arrives with the code that opens its session on the application's own host.
    public static let entered = "/api/auth/entered"
    /// The public keys of assertions.
    public static let keySet = "/.well-known/jwks.json"
    /// What the API is and where it is described; the only path with a slash at its end.
    public static let index = "/api/"
    /// The OpenAPI document.
    public static let openAPI = "/openapi.json"
    /// The readable reference made from the OpenAPI document.
    public static let docs = "/docs"
    /// State of the service and its database.
    public static let health = "/health"
    /// Whether the process runs; never asks the database.
    public static let liveness = "/health/live"
    /// Whether the process can serve: database reachable and schema current.
    public static let readiness = "/health/ready"

    /// The path of the session with the given identifier.
    public static func session(_ id: String) -> String { "\(sessions)/\(id)" }
    /// The path of the linked provider account with the given identifier.
    public static func identity(_ id: String) -> String { "\(identities)/\(id)" }
    /// Where signing in, or linking, through a provider starts.
    public static func startOAuth(_ provider: OAuthProvider) -> String { "/api/auth/\(provider.rawValue)" }
    /// Where a provider sends the browser back to.
    public static func oauthCallback(_ provider: OAuthProvider) -> String { "/api/auth/callback/\(provider.rawValue)" }
}
