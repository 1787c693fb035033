import Shared

/// The claims of an OpenID provider about a user, from an ID token or the userinfo endpoint (OpenID Connect
/// Core, section 5.1).
struct OpenIDProfile: Decodable {
    let subject: String?
    let email: String?
    /// Whether the provider has verified the email; nil when the claim is missing.
    let isEmailVerified: Bool?
    /// The Google Workspace domain of the account (Google, "OpenID Connect", "An ID token's payload").
    let hostedDomain: String?
    let name: String?
    let picture: String?

    private enum CodingKeys: String, CodingKey {
        case subject = "sub"
        case email
        case isEmailVerified = "email_verified"
        case hostedDomain = "hd"
        case name, picture
    }

    /// Decodes the claims; a claim of an unexpected type counts as missing, except `email_verified`, which is then false.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // swift-format-ignore: each claim is optional.
        func text(_ key: CodingKeys) -> String? { try? container.decode(String.self, forKey: key) }
        subject = text(.subject)
        email = text(.email)
        hostedDomain = text(.hostedDomain)
        name = text(.name)
        picture = text(.picture)
        if (try? container.decodeNil(forKey: .isEmailVerified)) ?? true {
            isEmailVerified = nil
        } else if let text = text(.isEmailVerified) {
            // Some providers send the Boolean as a string.
            isEmailVerified = text.isExactly("true")
        } else {
            isEmailVerified = (try? container.decode(Bool.self, forKey: .isEmailVerified)) ?? false
        }
    }

    /// Whether there is an email address.
    var hasEmail: Bool { email?.utf8.contains { $0 != UInt8(ascii: " ") } ?? false }
}
