/// The body of `POST /api/auth/password`.
public struct ChangePasswordRequest: Codable, Sendable {
    /// The password to replace; nil for a first one.
    public let currentPassword: String?
    /// The password from now on.
    public let newPassword: String

    private enum CodingKeys: String, CodingKey {
        case currentPassword = "current_password"
        case newPassword = "new_password"
    }

    /// Makes a request body.
    public init(currentPassword: String?, newPassword: String) {
        self.currentPassword = currentPassword
        self.newPassword = newPassword
    }
}
