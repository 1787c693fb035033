import HTTPTypes
import Hummingbird
import Shared

/// On whose behalf the API is asked, and all that it is told about them.
struct Caller: Sendable {
    /// The session cookies of this site.
    static let sessionCookies: Set<Substring> = ["access_token", "__Host-access_token"]
    /// The cookies that hold a provider account that waits to be linked by a password.
    static let connectionCookies: Set<Substring> = ["oauth_connect", "__Host-oauth_connect"]

    /// The cookies that say that a browser has signed in before.
    static let deviceCookies: Set<Substring> = ["known_device", "__Host-known_device"]

    /// The cookies that are the API's business, as a `Cookie` header carries them; nil without any.
    let cookies: String?
    /// The visitor's address, for `X-Real-IP`.
    let address: String
    /// The identifier under which the logs know the request.
    let requestID: String
    /// The visitor's browser.
    let userAgent: String?

    /// Whether the visitor may be signed in.
    let hasSession: Bool
    /// Whether a provider account may wait to be linked.
    let hasConnection: Bool

    /// Reads from a request what the API may know.
    init(_ request: Request, _ context: PageContext) {
        let pairs: [Substring] = request.headers[values: .cookie].flatMap { header in header.split(separator: ";") }
        let named = pairs.map { pair in pair.drop { $0 == " " } }
            .map { pair in (name: pair.prefix { $0 != "=" }, pair: pair) }
        let names = Self.sessionCookies.union(Self.connectionCookies).union(Self.deviceCookies)
        let own = named.filter { names.contains($0.name) }
        cookies = own.isEmpty ? nil : own.map(\.pair).joined(separator: "; ")
        hasSession = own.contains { Self.sessionCookies.contains($0.name) }
        hasConnection = own.contains { Self.connectionCookies.contains($0.name) }
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
