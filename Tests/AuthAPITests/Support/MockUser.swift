import Foundation

@testable import AuthAPI

/// A user with an account at the mock provider.
struct MockUser: Sendable {
    /// Google's subject.
    var subject = "110169484474386276334"
    /// Discord's ID.
    var discordID = "80351110224678912"
    /// GitHub's ID.
    var githubID: any Sendable = 583_231
    /// GitHub's list of addresses; nil means the address below as the primary one, or an empty list.
    var githubEmails: [GitHubEmail]?
    var email: String? = "ada@example.com"
    var isEmailVerified = true
    /// Google's `hd` claim.
    var hostedDomain: String?
    var name: String? = "Ada Lovelace"
    var picture: String? = "https://lh3.googleusercontent.com/a/ada=s96-c"
    var username = "ada"
    var avatar: String? = "8342729096ea3675442027381ff50dfe"

    /// The claims of Google's ID token.
    func claims(
        issuer: String,
        nonce: String,
        at now: Date,
        isFresh: Bool = false
    ) -> [String: Any] {
        let seconds = Int(now.timeIntervalSince1970)
        var claims: [String: Any] = [
            "iss": issuer, "sub": subject, "aud": MockProvider.clientID, "azp": MockProvider.clientID,
            "exp": seconds + 3600, "iat": seconds, "nonce": nonce, "email_verified": isEmailVerified,
        ]
        // OpenID Connect Core, section 3.1.2.1: required if max_age was requested.
        if isFresh { claims["auth_time"] = seconds }
        claims["email"] = email
        claims["hd"] = hostedDomain
        claims["name"] = name
        claims["picture"] = picture
        return claims
    }

    /// The userinfo response of an OpenID provider.
    var userInfo: [String: Any] {
        ["sub": subject, "email": email ?? NSNull(), "email_verified": isEmailVerified, "name": name ?? NSNull()]
    }

    /// An address in GitHub's list.
    struct GitHubEmail: Sendable {
        let email: String
        var isPrimary = false
        var isVerified = true
    }

    /// GitHub's user object.
    var githubUser: [String: Any] {
        [
            "login": username, "id": githubID, "name": name ?? NSNull(), "email": NSNull(), "type": "User",
            "avatar_url": picture ?? NSNull(),
        ]
    }

    /// GitHub's list of addresses.
    var githubList: [[String: Any]] {
        let own = email.map { [GitHubEmail(email: $0, isPrimary: true, isVerified: isEmailVerified)] } ?? []
        return (githubEmails ?? own).map { each in
            ["email": each.email, "primary": each.isPrimary, "verified": each.isVerified, "visibility": NSNull()]
        }
    }

    /// Discord's user object.
    var discordUser: [String: Any] {
        [
            "id": discordID, "username": username, "discriminator": "0", "verified": isEmailVerified,
            "global_name": name ?? NSNull(), "email": email ?? NSNull(), "avatar": avatar ?? NSNull(),
        ]
    }
}
