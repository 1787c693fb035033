import Shared

/// The code of an invitation, kept during a provider sign-in.
enum InviteCode {
    /// The lifetime of the cookie in seconds.
    private static let lifetime = 600
    /// The length of a code.
    private static let length = 22

    /// The cookie for a typed or pasted code or link; nil when it cannot be a code.
    static func cookie(_ typed: String, isSecure: Bool) -> String? {
        guard let code = TypedCode.code(in: typed), code.utf8.count == length, code.utf8.allSatisfy(isCodeCharacter)
        else { return nil }
        let name = isSecure ? "__Host-\(PagePath.inviteCookie)" : PagePath.inviteCookie
        let secure = isSecure ? "; Secure" : ""
        return "\(name)=\(code); Max-Age=\(lifetime); Path=/; HttpOnly; SameSite=Lax\(secure)"
    }

    private static func isCodeCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
