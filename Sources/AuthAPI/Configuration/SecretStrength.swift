import Shared

/// Detects weak secrets and placeholders.
enum SecretStrength {
    /// The minimum length in characters.
    static let minimumLength = 32
    private static let placeholders = [
        "change", "secret", "password", "example", "placeholder", "your-", "your_", "insert", "replace", "default",
    ]

    /// Why the secret is rejected; nil when it is accepted.
    static func weakness(of secret: Secret) -> String? {
        let text = secret.value
        guard text.count >= minimumLength else {
            return "must have at least \(minimumLength) characters; generate one with: AuthAPI generate-secrets"
        }
        let lowered = text.lowercased()
        guard !placeholders.contains(where: lowered.contains), Set(text).count >= 10 else {
            return "looks like a placeholder; generate a random one with: AuthAPI generate-secrets"
        }
        return nil
    }
}
