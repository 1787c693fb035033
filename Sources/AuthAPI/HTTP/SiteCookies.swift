import HTTPTypes
import Hummingbird
import Shared

/// How this site names, sets and clears its cookies (RFC 6265bis; OWASP "Session Management", "Cookies").
struct SiteCookies: Sendable {
    private let isSecure: Bool

    init(publicURL: WebOrigin) { isSecure = publicURL.isSecure }

    /// The whole name; the prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
    func name(_ name: String) -> String { isSecure ? "__Host-\(name)" : name }

    /// Puts a cookie on an answer.
    ///
    /// - Parameters:
    ///   - name: the whole name.
    ///   - value: a text without quotes, blanks, commas and semicolons.
    ///   - maxAge: how long the browser keeps it, in seconds.
    ///   - response: the answer.
    func set(_ name: String, to value: String, maxAge: Int, on response: inout Response) {
        let secure = isSecure ? "; Secure" : ""
        let cookie = "\(name)=\(value); Max-Age=\(maxAge); Path=/; HttpOnly; SameSite=Lax\(secure)"
        response.headers.append(HTTPField(name: .setCookie, value: cookie))
    }

    /// Makes the browser forget a cookie.
    func clear(_ name: String, on response: inout Response) { set(name, to: "", maxAge: 0, on: &response) }
}

/// A cookie as a request carries it.
struct RequestCookie: Sendable, Equatable {
    let name: String
    let value: String
}

extension Request {
    /// The cookies whose names begin with the prefix, in the order in which they came; none that are empty.
    func cookies(withPrefix prefix: String) -> [RequestCookie] {
        headers[values: .cookie].flatMap { header in
            // Byte by byte: what separates cookies is ASCII, and every signed-in request comes by here.
            header.utf8.split(separator: UInt8(ascii: ";")).compactMap { pair in
                let trimmed = pair.drop { $0 == UInt8(ascii: " ") }
                guard trimmed.starts(with: prefix.utf8), let equals = trimmed.firstIndex(of: UInt8(ascii: "=")) else {
                    return nil
                }
                let value = trimmed[equals...].dropFirst()
                guard !value.isEmpty else { return nil }
                return RequestCookie(name: String(Substring(trimmed[..<equals])), value: String(Substring(value)))
            }
        }
    }

    /// The values of every cookie of that name.
    func cookieValues(_ name: String) -> [String] {
        cookies(withPrefix: "\(name)=").map(\.value)
    }

    /// The value of a cookie; nil when several differ: one of them was planted, and it is not told which.
    func cookieValue(_ name: String) -> String? {
        let values = cookieValues(name)
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}
