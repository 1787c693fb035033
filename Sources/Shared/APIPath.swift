/// Every path of the authentication API, written once for the router, the client and the tests.
public enum APIPath {
    /// Creates an account and signs it in.
    public static let register = "/api/auth/register"
    /// Signs in with email and password.
    public static let login = "/api/auth/login"
    /// Ends the session that asks.
    public static let logout = "/api/auth/logout"
    /// Says who is signed in.
    public static let me = "/api/auth/me"
    /// The signed-in user's live sessions.
    public static let sessions = "/api/auth/sessions"
    /// One session of the signed-in user, as the router writes it.
    public static let session = "/api/auth/sessions/{id}"
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
}
