import HTTPTypes
import Shared

extension HTTPField.Name {
    /// The user as the application knows them: the identifier, or the email address.
    static let remoteUser = HTTPField.Name(validated: "Remote-User")
    /// The user's email address.
    static let remoteEmail = HTTPField.Name(validated: "Remote-Email")
    /// `true` where a provider vouches for the address, else `false`.
    static let remoteEmailVerified = HTTPField.Name(validated: "Remote-Email-Verified")
    /// The user's name in UTF-8, percent-encoded.
    static let remoteName = HTTPField.Name(validated: "Remote-Name")
    /// The application's cookies: those of the request without this system's own.
    static let applicationCookie = HTTPField.Name(validated: "X-Application-Cookie")
    /// The user's identifier, by which nginx tells an answer that admits.
    static let userID = HTTPField.Name(validated: "X-User-ID")
}

/// Who is there, as headers for the application.
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
