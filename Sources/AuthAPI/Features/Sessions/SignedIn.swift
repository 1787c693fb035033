/// The user and the live session of a request.
struct SignedIn: Sendable {
    let user: User
    let sessionID: SessionID
    /// Whether a provider has verified the user's email address.
    let isEmailVerified: Bool
}
