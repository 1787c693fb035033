import Shared

extension APIError {
    static let noPendingAddress = APIError(
        .noPendingLink,
        detail: "No provider account is waiting for an email address."
    )

    static let noPendingLink = APIError(
        .noPendingLink,
        detail: "The provider account can no longer be linked this way."
    )
}
