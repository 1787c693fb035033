/// The confirmations that a URL can show on a page; a closed list, so that a link cannot inject text.
enum Notice: String, Sendable, CaseIterable {
    case signedOut = "signed-out"
    /// The cookie was deleted, but the session may still be live.
    case signedOutHere = "signed-out-here"
    case passwordRecovered = "password-recovered"
    case sessionOver = "session-over"
    case sessionEnded = "session-ended"
    case sessionGone = "session-gone"
    case othersEnded = "others-ended"
    case identityUnlinked = "identity-unlinked"
    case identityGone = "identity-gone"
    case identityLast = "identity-last"
    case passwordChanged = "password-changed"
    case nameChanged = "name-changed"
    case accountDeleted = "account-deleted"

    /// The text of the confirmation.
    var text: TextKey {
        switch self {
        case .signedOut: .noticeSignedOut
        case .signedOutHere: .noticeSignedOutHere
        case .passwordRecovered: .noticePasswordRecovered
        case .sessionOver: .noticeSessionOver
        case .sessionEnded: .noticeSessionEnded
        case .sessionGone: .noticeSessionGone
        case .othersEnded: .noticeOthersEnded
        case .identityUnlinked: .noticeIdentityUnlinked
        case .identityGone: .noticeIdentityGone
        case .identityLast: .identityLast
        case .passwordChanged: .noticePasswordChanged
        case .nameChanged: .noticeNameChanged
        case .accountDeleted: .noticeAccountDeleted
        }
    }
}
