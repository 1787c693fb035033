import HTTPTypes
import Hummingbird
import Shared

/// On whose behalf the API is asked, and all that it is told about them.
struct Caller: Sendable {
    /// The session cookies of this site.
    static let sessionCookies = ["access_token", "__Host-access_token"]
    /// The cookies that hold a provider account that waits to be linked by a password.
    static let connectionCookies = ["oauth_connect", "__Host-oauth_connect"]

    /// The cookies that say that a browser has signed in before.
    static let deviceCookies = ["known_device", "__Host-known_device"]

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
        let own = cookies(named: Self.sessionCookies + Self.connectionCookies + Self.deviceCookies)
        self.cookies = own.isEmpty ? nil : own.joined(separator: "; ")
        hasSession = !cookies(named: Self.sessionCookies).isEmpty
        hasConnection = !cookies(named: Self.connectionCookies).isEmpty
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
