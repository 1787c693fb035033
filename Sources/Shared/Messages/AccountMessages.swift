/// The body of `POST /api/auth/register`.
public struct RegisterRequest: Codable, Sendable {
    /// The address to sign in with.
    public let email: String
    /// The password in plain text.
    public let password: String
    /// The name to show.
    public let name: String
    /// The code of an invitation, where one is needed.
    public let invite: String?

    /// Makes a request body.
    public init(email: String, password: String, name: String, invite: String? = nil) {
        self.email = email
        self.password = password
        self.name = name
        self.invite = invite
    }
}

/// The body of `POST /api/auth/login`.
public struct LoginRequest: Codable, Sendable {
    /// The address of the account.
    public let email: String
    /// The password in plain text.
    public let password: String
    /// The provider whose waiting account is to be linked when the password is right.
    public let connect: OAuthProvider?

    /// Makes a request body.
    public init(email: String, password: String, connect: OAuthProvider? = nil) {
        self.email = email
        self.password = password
        self.connect = connect
    }
}

/// The body of `POST /api/auth/name`.
public struct ChangeNameRequest: Codable, Sendable {
    /// The name to show.
    public let name: String

    /// Makes a request body.
    public init(name: String) { self.name = name }
}

/// A user as the API shows it to that user.
public struct UserBody: Codable, Sendable, Equatable {
    /// The user's UUID in lower case.
    public let id: String
    /// The user's address.
    public let email: String
    /// The name to show.
    public let name: String
    /// The address of a picture, for users who came through a provider that has one.
    public let avatarURL: String?

    private enum CodingKeys: String, CodingKey {
        case id, email, name
        case avatarURL = "avatar_url"
    }

    /// Makes a user body.
    public init(id: String, email: String, name: String, avatarURL: String?) {
        self.id = id
        self.email = email
        self.name = name
        self.avatarURL = avatarURL
    }

    /// Writes every key, `avatar_url` too when it is null, so that clients can rely on the shape.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(email, forKey: .email)
        try container.encode(name, forKey: .name)
        try container.encode(avatarURL, forKey: .avatarURL)
    }

    /// The same, written at once: no other body is asked for as often.
    public var json: JSONBytes {
        var json = JSONBytes()
        json.append("{\"avatar_url\":")
        json.append(string: avatarURL)
        json.append(",\"email\":")
        json.append(string: email)
        json.append(",\"id\":")
        json.append(string: id)
        json.append(",\"name\":")
        json.append(string: name)
        json.append("}")
        return json
    }
}
