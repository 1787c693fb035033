/// The body of `POST /api/auth/password`.
public struct ChangePasswordRequest: Codable, Sendable {
    /// The current password; nil if there is none.
    public let currentPassword: String?
    /// The new password.
    public let newPassword: String

    private enum CodingKeys: String, CodingKey {
        case currentPassword = "current_password"
        case newPassword = "new_password"
    }

    /// Creates a request body.
    public init(currentPassword: String?, newPassword: String) {
        self.currentPassword = currentPassword
        self.newPassword = newPassword
    }
}
