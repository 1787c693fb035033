/// Names and writes this site's cookies (RFC 6265bis; OWASP "Session Management", "Cookies").
public struct SiteCookies: Sendable {
    /// The token of the session.
    public static let session = "access_token"
    /// The session on the application's own host.
    public static let applicationSession = "app_session"
    /// The provider account that is pending until a password is entered.
    public static let pendingLink = "oauth_connect"
    /// The provider account that is pending until an email address is entered.
    public static let pendingAddress = "oauth_address"
    /// Recognizes the browser of a user.
    public static let knownDevice = "known_device"
    /// The code of an invitation.
    public static let invite = "registration_invite"
    /// Remembers that the sign-in page has just redirected the visitor; without the prefix.
    public static let redirected = "sent_on"
    /// The beginning of the name of a provider flow.
    public static let flowPrefix = "oauth_flow_"
    /// The beginning of the name of a redirect to the application's own host.
    public static let entryPrefix = "app_entry_"

    /// Whether browsers reach the site over TLS.
    public let isSecure: Bool

    /// Creates the cookies of the site with the given URL.
    public init(publicURL: WebOrigin) { isSecure = publicURL.isSecure }

    /// The name with its prefix, with which browsers require Secure, Path=/ and no Domain (RFC 6265bis, section
    /// 4.1.3.2).
    public func name(_ name: String) -> String { isSecure ? "__Host-\(name)" : name }

    /// The value of `Set-Cookie` that stores a cookie for a number of seconds, under a name with its prefix.
    ///
    /// The cookie's value must contain no quotes, white space, commas or semicolons.
    public func storing(_ name: String, _ value: String, maxAge: Int) -> String {
        "\(name)=\(value); Max-Age=\(maxAge); Path=/; HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }

    /// The value of `Set-Cookie` that deletes a cookie (RFC 6265, section 3.1).
    public func deleting(_ name: String) -> String { storing(name, "", maxAge: 0) }
}
