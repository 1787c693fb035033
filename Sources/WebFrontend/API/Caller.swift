import HTTPTypes
import Hummingbird
import Shared

/// On whose behalf the API is asked, and all that it is told about them.
struct Caller: Sendable {
    /// The API's cookies, without the prefix that they have over TLS.
    private static let names = ["access_token", "oauth_connect", "known_device", PagePath.inviteCookie]

    /// The name of this site's session cookie.
    ///
    /// Over TLS only the one with the prefix counts: any neighbour under the same domain can set the plain one
    /// (RFC 6265bis, section 4.1.3.2).
    static func sessionCookie(isSecure: Bool) -> String { name(names[0], isSecure) }

    private static func name(_ name: String, _ isSecure: Bool) -> String { isSecure ? "__Host-\(name)" : name }

    /// Remembers for some seconds that the page for signing in sent the visitor on.
    ///
    /// A page that then sees no session would send them back, and so on for ever. Over TLS the session's cookie reaches both
    /// pages or neither.
    private static let sentOn = "sent_on"

    /// The cookies for an answer that sends a visitor on who is signed in.
    static func sendingOn(to page: ReturnPath?, isSecure: Bool) -> [String] {
        page == nil || isSecure ? [] : ["\(sentOn)=1; Max-Age=5; Path=/; HttpOnly; SameSite=Lax"]
    }

    /// The names of all cookies of a request that this site has set, those of the API and of the pages.
    static func ownCookies(of request: Request, isSecure: Bool) -> [String] {
        let known = (names + [sentOn, SiteLanguage.cookieName]).flatMap { [$0, name($0, isSecure)] }
        let flows = name("oauth_flow_", isSecure)
        var found: [String] = []
        for header in request.headers[values: .cookie] {
            for pair in header.utf8.split(separator: UInt8(ascii: ";")) {
                let name = Substring(pair.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: "=") })
                guard name.begins(with: flows) || known.contains(where: { $0.isExactly(name) }),
                    !found.contains(where: { $0.isExactly(name) })
                else { continue }
                found.append(String(name))
            }
        }
        return found
    }

    /// The cookies that are the API's business, as a `Cookie` header carries them; nil without any.
    let cookies: String?
    /// The visitor's address, for `X-Real-IP`.
    let address: String
    /// The identifier under which the logs know the request.
    let requestID: String
    /// The visitor's browser.
    let userAgent: String?

    /// The name of the session cookie.
    let sessionCookie: String
    /// Whether the visitor may be signed in.
    let hasSession: Bool
    /// Whether another program has set a cookie of the same name: the API then takes neither.
    let hasForeignSession: Bool
    /// Whether the page for signing in has just sent this visitor, whom it saw signed in.
    let wasSentOn: Bool
    /// Whether a provider account may wait to be linked.
    let hasConnection: Bool

    /// Reads from a request what the API may know.
    init(_ request: Request, _ context: PageContext) {
        let pairs = request.headers[values: .cookie].flatMap { header in
            header.utf8.split(separator: UInt8(ascii: ";")).map { pair in
                Substring(pair.drop { $0 == UInt8(ascii: " ") })
            }
        }
        func cookies(named names: [String]) -> [Substring] {
            pairs.filter { pair in
                let name = Substring(pair.utf8.prefix { $0 != UInt8(ascii: "=") })
                return names.contains { $0.isExactly(name) }
            }
        }
        // An empty one is what is left where a browser was told to forget it.
        func values(_ name: String) -> [Substring] {
            cookies(named: [name]).filter { $0.utf8.count > name.utf8.count + 1 }
        }
        let own = cookies(named: Self.names.flatMap { [$0, Self.name($0, true)] })
        self.cookies = own.isEmpty ? nil : own.joined(separator: "; ")
        sessionCookie = Self.sessionCookie(isSecure: context.isSecure)
        let sessions = values(sessionCookie)
        hasSession = !sessions.isEmpty
        hasForeignSession = sessions.contains { !$0.utf8.elementsEqual(sessions[0].utf8) }
        wasSentOn = !values(Self.sentOn).isEmpty
        hasConnection = !values(Self.name(Self.names[1], context.isSecure)).isEmpty
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
