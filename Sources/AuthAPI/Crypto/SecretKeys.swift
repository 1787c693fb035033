import Shared

/// `SECRET_KEY`, and `SECRET_KEY_PREVIOUS` for data from before a rotation.
struct SecretKeys: Sendable {
    let current: Secret
    let previous: Secret?

    init(_ current: Secret, previous: Secret? = nil) {
        self.current = current
        self.previous = previous
    }
}
