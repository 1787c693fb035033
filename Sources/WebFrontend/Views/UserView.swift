import FoundationEssentials
import Shared

/// A user, as pages show them.
struct UserView: Sendable {
    private let user: UserBody

    /// Creates a view of a user.
    init(_ user: UserBody) { self.user = user }

    /// The values for templates.
    var values: ViewValues {
        var values: ViewValues = [
            "name": user.name, "email": user.email, "initials": Self.initials(of: user.name), "avatar_url": false,
        ]
        if let picture = Self.picture(user.avatarURL) { values["avatar_url"] = picture }
        return values
    }

    /// The first letters of the first and the last word of a name.
    static func initials(of name: String) -> String {
        let letters = name.split(whereSeparator: \.isWhitespace).compactMap { word in
            word.first { $0.isLetter || $0.isNumber }
        }
        guard let first = letters.first else { return "•" }
        guard letters.count > 1, let last = letters.last else { return String(first).uppercased() }
        return "\(first)\(last)".uppercased()
    }

    /// The maximum length of a picture's URL in bytes.
    private static let maximumPictureLength = 2048

    /// The URL of the picture, if pages may load it (see ``SecurityHeaders``).
    static func picture(_ address: String?) -> String? {
        guard let address, address.utf8.count <= maximumPictureLength,
            let parts = URLComponents(string: address), parts.scheme?.isExactly("https") == true,
            let host = parts.host, SecurityHeaders.pictureHosts.contains(where: { $0.isExactly(host) }),
            parts.user == nil, parts.port == nil
        else { return nil }
        return address
    }
}
