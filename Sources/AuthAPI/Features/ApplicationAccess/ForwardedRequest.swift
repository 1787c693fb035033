import HTTPTypes
import Hummingbird
import Shared

/// The request that another reverse proxy checks, if it describes it (`X-Forwarded-Method`, `X-Forwarded-Uri`).
///
/// It determines only the response for signed-out visitors, not the decision.
struct ForwardedRequest: Sendable {
    /// Whether the request opens a page: by Fetch Metadata (W3C); without it, by `Accept`.
    let isNavigation: Bool
    /// The sign-in page, with the page of this request to return to if it opens one.
    let signInPath: String
    /// Whether the proxy needs a redirect instead of the 401.
    let wantsRedirect: Bool

    init(_ request: Request) {
        let method = request.headers[.forwardedMethod] ?? request.method.rawValue
        if let mode = request.headers[.secFetchMode] {
            isNavigation = mode.isExactly("navigate")
        } else {
            isNavigation = request.headers[values: .accept].contains { $0.lowercased().contains(bytesOf: "text/html") }
        }
        let canReturn = method.isExactly("GET") || method.isExactly("HEAD")
        let page = canReturn ? request.headers[.forwardedURI].flatMap { ReturnPath($0) } : nil
        signInPath = PagePath.login.withQuery([(PagePath.returnParameter, page?.value)])
        wantsRedirect = request.uri.query.map { $0.isExactly("redirect=true") } ?? false
    }
}

extension HTTPField.Name {
    /// The method of the checked request (Traefik, Caddy).
    static let forwardedMethod = HTTPField.Name(validated: "X-Forwarded-Method")
    /// Path and query of the checked request (Traefik, Caddy).
    static let forwardedURI = HTTPField.Name(validated: "X-Forwarded-Uri")
    /// How the browser uses the response (W3C Fetch Metadata).
    static let secFetchMode = HTTPField.Name(validated: "Sec-Fetch-Mode")
}
