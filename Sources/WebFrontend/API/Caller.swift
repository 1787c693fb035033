import HTTPTypes
import Hummingbird
import Shared

/// On whose behalf the API is asked, and all that it is told about them.
struct Caller: Sendable {
    /// The session cookies of this site; no other cookie is any business of the API.
    static let cookieNames: Set<Substring> = ["access_token", "__Host-access_token"]

    /// The session cookies as a `Cookie` header carries them; nil without any.
    let cookies: String?
    /// The visitor's address, for `X-Real-IP`.
    let address: String
    /// The identifier under which the logs know the request.
    let requestID: String
    /// The visitor's browser.
    let userAgent: String?

    /// Whether the visitor may be signed in.
    var hasSession: Bool { cookies != nil }

    /// Reads from a request what the API may know.
    init(_ request: Request, _ context: PageContext) {
        let pairs: [Substring] = request.headers[values: .cookie].flatMap { header in header.split(separator: ";") }
        let own = pairs.map { pair in pair.drop { $0 == " " } }
            .filter { pair in Self.cookieNames.contains(pair.prefix { $0 != "=" }) }
        cookies = own.isEmpty ? nil : own.joined(separator: "; ")
        address = context.clientAddress
        requestID = context.requestID
        userAgent = request.headers[.userAgent]
    }
}
