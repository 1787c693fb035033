/// The body of `POST /api/auth/recover`.
public struct RecoverRequest: Codable, Sendable {
    /// The code of a one-time link, or the link itself.
    public let code: String
    /// The new password in plain text.
    public let password: String

    /// Creates a request body.
    public init(code: String, password: String) {
        self.code = code
        self.password = password
    }
}
