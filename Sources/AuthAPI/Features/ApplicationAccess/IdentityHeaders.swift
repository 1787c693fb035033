import HTTPTypes
import Shared

extension HTTPField.Name {
    /// The user's ID or email address, by which the application identifies the user.
    static let remoteUser = HTTPField.Name(validated: "Remote-User")
    /// The user's email address.
    static let remoteEmail = HTTPField.Name(validated: "Remote-Email")
    /// `true` if a provider has verified the address, otherwise `false`.
    static let remoteEmailVerified = HTTPField.Name(validated: "Remote-Email-Verified")
    /// The user's name in UTF-8, percent-encoded.
    static let remoteName = HTTPField.Name(validated: "Remote-Name")
    /// The application's cookies: those of the request without this system's.
    static let applicationCookie = HTTPField.Name(validated: "X-Application-Cookie")
    /// The user's ID, by which nginx recognizes a positive response.
    static let userID = HTTPField.Name(validated: "X-User-ID")
}

/// The user of a request as headers for the application.
struct IdentityHeaders: Sendable {
    let signedIn: SignedIn
    let userName: AccessPolicy.UserName

    /// The fields; values are visible ASCII or empty.
    var fields: HTTPFields {
        let user = signedIn.user
        let id = user.id.lowercaseText
        let email = user.headerEmail ?? ""
        return [
            .userID: id,
            .remoteUser: userName == .id ? id : email,
            .remoteEmail: email,
            .remoteEmailVerified: signedIn.isEmailVerified && !email.isEmpty ? "true" : "false",
            .remoteName: user.name.percentEncoded,
        ]
    }
}
