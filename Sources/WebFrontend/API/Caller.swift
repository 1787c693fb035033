import HTTPTypes
import Hummingbird
import Shared

/// The visitor on whose behalf a request is sent to the API, and what the API learns about them.
struct Caller: Sendable {
    /// The API's cookies, without the prefix over TLS.
    private static let names = [
        "access_token", "oauth_connect", "oauth_address", "known_device", PagePath.inviteCookie,
    ]

    /// The maximum length of the API's cookies together, in bytes; the API accepts header fields of at most 16 KiB.
    private static let maximumLength = 16_000

    /// The name of this site's session cookie.
    ///
    /// Over TLS, only the one with the prefix counts: a sibling domain can set the one without (RFC 6265bis, section
    /// 4.1.3.2).
    static func sessionCookie(isSecure: Bool) -> String { name(names[0], isSecure) }

    private static func name(_ name: String, _ isSecure: Bool) -> String { isSecure ? "__Host-\(name)" : name }

    /// Remembers for a few seconds that the sign-in page redirected the visitor.
    ///
    /// A page without a session would redirect them back, in a loop. Over TLS, the session cookie reaches both pages or
    /// neither.
    private static let redirectMarker = "sent_on"

    /// The cookies of a redirect for a visitor who is signed in.
    static func redirectCookies(to page: ReturnPath?, isSecure: Bool) -> [String] {
        page == nil || isSecure ? [] : ["\(redirectMarker)=1; Max-Age=5; Path=/; HttpOnly; SameSite=Lax"]
    }

    /// The cookie that deletes the one of a redirect, which is only used without TLS.
    var forgettingRedirect: String { Response.forgetting(Self.redirectMarker, isSecure: false) }

    /// The names of all cookies of a request that this site sets, in the API and in the pages.
    static func ownCookies(of request: Request, isSecure: Bool) -> [String] {
        let known = (names + [redirectMarker, SiteLanguage.cookieName]).flatMap { [$0, name($0, isSecure)] }
        let flows = name("oauth_flow_", isSecure)
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
    let sessionCookie: String
    /// Whether the visitor may be signed in.
    let hasSession: Bool
    /// Whether another program has set a cookie with the same name: the API then accepts neither.
    let hasForeignSession: Bool
    /// Whether the sign-in page has just redirected this visitor because they are signed in.
    let wasRedirected: Bool
    /// Whether there may be a pending provider account.
    let hasConnection: Bool
    /// Whether there may be a provider account that is pending until an email address is entered.
    let hasPendingAddress: Bool

    /// Reads the properties of a request that the API may learn.
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
        let own = cookies(named: Self.names.flatMap { [$0, Self.name($0, true)] })
        let joined = own.joined(separator: "; ")
        self.cookies = own.isEmpty || joined.utf8.count > Self.maximumLength ? nil : joined
        sessionCookie = Self.sessionCookie(isSecure: context.isSecure)
        let sessions = values(sessionCookie)
        hasSession = !sessions.isEmpty
        hasForeignSession = sessions.contains { !$0.utf8.elementsEqual(sessions[0].utf8) }
        wasRedirected = !values(Self.redirectMarker).isEmpty
        hasConnection = !values(Self.name(Self.names[1], context.isSecure)).isEmpty
        hasPendingAddress = !values(Self.name(Self.names[2], context.isSecure)).isEmpty
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
