import HTTPTypes
import Hummingbird
import Shared

/// The cookie that carries the token (OWASP "Session Management", "Cookies").
struct SessionCookie: Sendable {
    /// The cookie's name.
    let name: String
    private let site: SiteCookies

    init(publicURL: WebOrigin) {
        site = SiteCookies(publicURL: publicURL)
        name = site.name("access_token")
    }

    /// Puts the token on an answer.
    func set(_ token: Secret, on response: Response) -> Response {
        var response = response
        site.set(name, to: token.value, maxAge: TokenIssuer.lifetime, on: &response)
        return response
    }

    /// Makes the browser forget the token.
    func clear(on response: Response) -> Response {
        var response = response
        site.clear(name, on: &response)
        return response
    }

    /// The token of a request: `Authorization: Bearer` (RFC 6750, section 2.1), or else the cookie.
    ///
    /// A request with two different cookies of the name has none: one of them was planted, and it is not told which.
    func token(of request: Request) -> Secret? {
        if request.headers.contains(.authorization) { return bearer(of: request) }
        return request.cookieValue(name).map(Secret.init)
    }

    /// Every token that a request carries, in whatever place: signing out ends the session of each.
    func allTokens(of request: Request) -> [Secret] {
        Array(([bearer(of: request)].compactMap(\.self) + presented(by: request)).prefix(Self.maximumTokens))
    }

    /// Every token that a browser presents in a cookie: signing in again ends the session of each.
    func presented(by request: Request) -> [Secret] {
        request.cookieValues(name).prefix(Self.maximumTokens).map(Secret.init)
    }

    /// The most tokens of one request that are looked at.
    private static let maximumTokens = 8

    private func bearer(of request: Request) -> Secret? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return Secret(String(parts[1]))
    }
}
