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
        if request.headers.contains(.authorization) { return bearer(of: request) }
        let values = cookies(of: request)
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Every token that a request carries, in whatever place: signing out ends the session of each.
    func allTokens(of request: Request) -> [Secret] {
        let all = [bearer(of: request)].compactMap(\.self) + cookies(of: request)
        return Array(all.prefix(Self.maximumTokens))
    }

    /// The most tokens of one request that are looked at.
    private static let maximumTokens = 8

    private func bearer(of request: Request) -> Secret? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return Secret(String(parts[1]))
    }

    private func cookies(of request: Request) -> [Secret] {
        request.headers[values: .cookie]
            .flatMap { $0.split(separator: ";") }
            .compactMap { pair -> Secret? in
                let trimmed = pair.drop { $0 == " " }
                guard trimmed.hasPrefix("\(name)=") else { return nil }
                let value = trimmed.dropFirst(name.utf8.count + 1)
                return value.isEmpty ? nil : Secret(String(value))
            }
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
