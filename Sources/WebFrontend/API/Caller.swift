import Hummingbird
import Shared

/// The visitor on whose behalf a request is sent to the API, with the values that are passed to the API.
struct Caller: Sendable {
    /// The API's cookies, without the prefix over TLS.
    private static let names = [
        SiteCookies.session, SiteCookies.pendingLink, SiteCookies.pendingAddress, SiteCookies.knownDevice,
        SiteCookies.invite,
    ]

    /// The maximum length of the API's cookies together, in bytes; the API accepts header fields of at most 16 KiB.
    private static let maximumLength = 16_000

    /// The cookies of a redirect for a visitor who is signed in: they remember the redirect for a few seconds.
    ///
    /// A page without a session would redirect them back, in a loop. Over TLS, the session cookie reaches both pages or
    /// neither.
    static func redirectCookies(to page: ReturnPath?, _ cookies: SiteCookies) -> [String] {
        page == nil || cookies.isSecure ? [] : [cookies.storing(SiteCookies.redirected, "1", maxAge: 5)]
    }

    /// The names of all cookies of a request that this site sets, in the API and in the pages.
    static func ownCookies(of request: Request, _ cookies: SiteCookies) -> [String] {
        let known = names.flatMap { [$0, cookies.name($0)] } + [SiteCookies.redirected, SiteLanguage.cookieName]
        let flows = cookies.name(SiteCookies.flowPrefix)
        var found: [String] = []
        for pair in request.headers.cookiePairs {
            let name = Substring(pair.utf8.prefix { $0 != UInt8(ascii: "=") })
            guard name.begins(with: flows) || known.contains(where: { $0.isExactly(name) }),
                !found.contains(where: { $0.isExactly(name) })
            else { continue }
            found.append(String(name))
        }
        return found
    }

    /// The API's cookies, as the value of a `Cookie` header; nil without any.
    let cookies: String?
    /// The visitor's IP address, for `X-Real-IP`.
    let address: String
    /// The request ID.
    let requestID: String
    /// The visitor's `User-Agent`.
    let userAgent: String?

    /// The name of the session cookie.
    ///
    /// Over TLS, only the one with the prefix counts: a sibling domain can set the one without (RFC 6265bis, section
    /// 4.1.3.2).
    let sessionCookie: String
    /// Whether the visitor may be signed in.
    let hasSession: Bool
    /// Whether another program has set a cookie with the same name: the API then accepts neither.
    let hasForeignSession: Bool
    /// Whether the sign-in page has just redirected this visitor because they are signed in.
    let wasRedirected: Bool
    /// Whether a provider account may be pending until a password is entered.
    let hasPendingLink: Bool
    /// Whether a provider account may be pending until an email address is entered.
    let hasPendingAddress: Bool

    /// Reads the values of a request that are passed to the API.
    init(_ request: Request, _ context: PageContext) {
        let pairs = request.headers.cookiePairs
        func cookies(named names: [String]) -> [Substring] {
            pairs.filter { pair in
                let name = Substring(pair.utf8.prefix { $0 != UInt8(ascii: "=") })
                return names.contains { $0.isExactly(name) }
            }
        }
        // An empty value remains after a cookie was deleted.
        func values(_ name: String) -> [Substring] {
            cookies(named: [name]).filter { $0.utf8.count > name.utf8.count + 1 }
        }
        let own = cookies(named: Self.names.map(context.cookies.name))
        let joined = own.joined(separator: "; ")
        self.cookies = own.isEmpty || joined.utf8.count > Self.maximumLength ? nil : joined
        sessionCookie = context.cookies.name(SiteCookies.session)
        let sessions = values(sessionCookie)
        hasSession = !sessions.isEmpty
        hasForeignSession = sessions.contains { !$0.utf8.elementsEqual(sessions[0].utf8) }
        wasRedirected = !values(SiteCookies.redirected).isEmpty
        hasPendingLink = !values(context.cookies.name(SiteCookies.pendingLink)).isEmpty
        hasPendingAddress = !values(context.cookies.name(SiteCookies.pendingAddress)).isEmpty
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
