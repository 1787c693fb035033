import Crypto
import Foundation

@testable import AuthAPI

/// Somebody with an account at the stand-in provider.
struct StandInPerson: Sendable {
    /// Google's name for them.
    var subject = "110169484474386276334"
    /// Discord's name for them.
    var discordID = "80351110224678912"
    var email: String? = "ada@example.com"
    var isEmailVerified = true
    /// Google's `hd` claim.
    var hostedDomain: String?
    var name: String? = "Ada Lovelace"
    var picture: String? = "https://lh3.googleusercontent.com/a/ada=s96-c"
    var username = "ada"
    var avatar: String? = "8342729096ea3675442027381ff50dfe"

    /// Google's ID token for them.
    func claims(
        issuer: String,
        nonce: String,
        accessToken: String,
        at now: Date,
        isFresh: Bool = false
    ) -> [String: Any] {
        let seconds = Int(now.timeIntervalSince1970)
        var claims: [String: Any] = [
            "iss": issuer, "sub": subject, "aud": StandInProvider.clientID, "azp": StandInProvider.clientID,
            "exp": seconds + 3600, "iat": seconds, "nonce": nonce, "email_verified": isEmailVerified,
            "at_hash": Base64URL.encode(SHA256.hash(data: Data(accessToken.utf8)).prefix(16)),
        ]
        // OpenID Connect Core, section 3.1.2.1: required where max_age was asked for.
        if isFresh { claims["auth_time"] = seconds }
        claims["email"] = email
        claims["hd"] = hostedDomain
        claims["name"] = name
        claims["picture"] = picture
        return claims
    }

    /// Discord's user object for them.
    var discordUser: [String: Any] {
        [
            "id": discordID, "username": username, "discriminator": "0", "verified": isEmailVerified,
            "global_name": name ?? NSNull(), "email": email ?? NSNull(), "avatar": avatar ?? NSNull(),
        ]
    }
}
