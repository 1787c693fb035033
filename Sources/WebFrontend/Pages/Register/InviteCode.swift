import Shared

/// The code of an invitation, kept during a provider sign-in.
enum InviteCode {
    /// The lifetime of the cookie in seconds.
    private static let lifetime = 600
    /// The length of a code.
    private static let length = 22

    /// The cookie for a typed or pasted code or link; nil when it cannot be a code.
    static func cookie(_ typed: String, _ cookies: SiteCookies) -> String? {
        guard let code = TypedCode.code(in: typed), code.utf8.count == length,
            code.utf8.allSatisfy({ $0.isASCIIAlphanumeric || "-_".utf8.contains($0) })
        else { return nil }
        return cookies.storing(cookies.name(SiteCookies.invite), code, maxAge: lifetime)
    }
}
