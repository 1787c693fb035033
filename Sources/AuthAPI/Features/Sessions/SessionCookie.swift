import HTTPTypes
import Hummingbird
import Shared

/// The cookie that carries the token (OWASP "Session Management", "Cookies").
struct SessionCookie: Sendable {
    /// The cookie's name; the prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
    let name: String
    private let isSecure: Bool

    init(publicURL: WebOrigin) {
        isSecure = publicURL.isSecure
        name = isSecure ? "__Host-access_token" : "access_token"
    }

    /// Puts the token on an answer.
    func set(_ token: Secret, on response: Response) -> Response {
        with("\(name)=\(token.value)", maxAge: TokenIssuer.lifetime, on: response)
    }

    /// Makes the browser forget the token.
    func clear(on response: Response) -> Response { with("\(name)=", maxAge: 0, on: response) }

    /// The token of a request: `Authorization: Bearer` (RFC 6750, section 2.1), or else the cookie.
    ///
    /// A request with two different cookies of the name has none: one of them was planted, and it is not told which.
    func token(of request: Request) -> Secret? {
        if let header = request.headers[.authorization] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return Secret(String(parts[1]))
        }
        let values = request.headers[values: .cookie]
            .flatMap { $0.split(separator: ";") }
            .compactMap { pair -> Substring? in
                let trimmed = pair.drop { $0 == " " }
                guard trimmed.hasPrefix("\(name)=") else { return nil }
                return trimmed.dropFirst(name.utf8.count + 1)
            }
        guard let first = values.first, !first.isEmpty, values.allSatisfy({ $0 == first }) else { return nil }
        return Secret(String(first))
    }

    private func with(_ pair: String, maxAge: Int, on response: Response) -> Response {
        var response = response
        let secure = isSecure ? "; Secure" : ""
        response.headers.append(
            .init(name: .setCookie, value: "\(pair); Max-Age=\(maxAge); Path=/; HttpOnly; SameSite=Lax\(secure)")
        )
        return response
    }
}
