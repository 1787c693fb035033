/// The body of `POST /api/auth/register`.
public struct RegisterRequest: Codable, Sendable {
    /// The address to sign in with.
    public let email: String
    /// The password in plain text.
    public let password: String
    /// The display name.
    public let name: String
    /// The code of an invitation, if one is required.
    public let invite: String?

    /// Creates a request body.
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
    /// The provider whose pending account is linked if the password is correct.
    public let connect: OAuthProvider?

    /// Creates a request body.
    public init(email: String, password: String, connect: OAuthProvider? = nil) {
        self.email = email
        self.password = password
        self.connect = connect
    }
}

/// The body of `POST /api/auth/name`.
public struct ChangeNameRequest: Codable, Sendable {
    /// The display name.
    public let name: String

    /// Creates a request body.
    public init(name: String) { self.name = name }
}

/// A user, as the API shows it to that user.
public struct UserBody: Codable, Sendable, Equatable {
    /// The user's UUID in lower case.
    public let id: String
    /// The user's email address.
    public let email: String
    /// The display name.
    public let name: String
    /// The URL of a picture, for users whose provider has one.
    @ExplicitNull public private(set) var avatarURL: String?

    private enum CodingKeys: String, CodingKey {
        case id, email, name
        case avatarURL = "avatar_url"
    }

    /// Creates a user body.
    public init(id: String, email: String, name: String, avatarURL: String?) {
        self.id = id
        self.email = email
        self.name = name
        self.avatarURL = avatarURL
    }

    /// The body as JSON, written directly: no other body is requested as often.
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
