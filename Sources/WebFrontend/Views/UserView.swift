import FoundationEssentials
import Shared

/// A user as pages show them.
struct UserView: Sendable {
    private let user: UserBody

    /// Makes a view of a user.
    init(_ user: UserBody) { self.user = user }

    /// What templates see.
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

    /// The most bytes of a picture's address.
    private static let maximumPictureLength = 2048

    /// The address of the picture, when it is one that pages may load (see ``SecurityHeaders``).
    static func picture(_ address: String?) -> String? {
        guard let address, address.utf8.count <= maximumPictureLength,
            let parts = URLComponents(string: address), parts.scheme?.isExactly("https") == true,
            let host = parts.host, SecurityHeaders.pictureHosts.contains(where: { $0.isExactly(host) }),
            parts.user == nil, parts.port == nil
        else { return nil }
        return address
    }
}
