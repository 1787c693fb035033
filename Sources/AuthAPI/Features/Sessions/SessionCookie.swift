import HTTPTypes
import Hummingbird
import Shared

/// The cookie with the token (OWASP "Session Management", "Cookies").
struct SessionCookie: Sendable {
    /// The cookie's name.
    let name: String
    private let site: SiteCookies
    private let forgetPages: HTTPField?

    init(publicURL: WebOrigin) {
        site = SiteCookies(publicURL: publicURL)
        forgetPages = ClearSiteData.cache(at: publicURL)
        name = site.name(SiteCookies.session)
    }

    /// Adds the token to a response.
    func set(_ token: Secret, on response: Response) -> Response {
        var response = response
        site.set(name, to: token.value, maxAge: TokenIssuer.lifetime, on: &response)
        return response
    }

    /// Deletes the browser's cookie and cached pages.
    func clear(on response: Response) -> Response {
        var response = response
        site.clear(name, on: &response)
        if let forgetPages { response.headers.append(forgetPages) }
        return response
    }

    /// The token of a request: `Authorization: Bearer` (RFC 6750, section 2.1), otherwise the cookie.
    ///
    /// Credentials of another scheme are for another server, such as a proxy with Basic authentication, and do not
    /// replace the cookie. A request with two bearer tokens, or two different cookies with the name, has no token: one
    /// of them may be an attacker's, and it is unknown which.
    func token(of request: Request) -> Secret? {
        let bearers = bearers(of: request)
        guard bearers.isEmpty else { return bearers.count == 1 && !bearers[0].value.isEmpty ? bearers[0] : nil }
        return cookieToken(of: request)
    }

    /// The token in the cookie of a request, regardless of `Authorization`; nil when two cookies differ.
    func cookieToken(of request: Request) -> Secret? { request.cookieValue(name).map(Secret.init) }

    /// Every token of a request: signing out ends the session of each.
    func allTokens(of request: Request) -> [Secret] {
        Array((bearers(of: request) + presented(by: request)).prefix(Self.maximumTokens))
    }

    /// Every token in a cookie of a request: signing in again ends the session of each.
    func presented(by request: Request) -> [Secret] {
        request.cookieValues(name).prefix(Self.maximumTokens).map(Secret.init)
    }

    /// The maximum number of tokens per request.
    private static let maximumTokens = 8

    /// The token of every `Authorization` header with the scheme Bearer, ignoring case (RFC 9110, section 11.1).
    private func bearers(of request: Request) -> [Secret] {
        request.headers[values: .authorization].compactMap { header in
            let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let credentials = header.utf8.drop(while: isBlank)
            let scheme = Substring(credentials.prefix { !isBlank($0) })
            guard scheme.isCaseless("bearer") else { return nil }
            return Secret(String(Substring(credentials.dropFirst(scheme.utf8.count).drop(while: isBlank))))
        }
    }
}
