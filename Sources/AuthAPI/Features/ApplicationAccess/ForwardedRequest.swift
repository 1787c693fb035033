import HTTPTypes
import Hummingbird
import Shared

/// The request that another proxy asks about, as far as it says so (`X-Forwarded-Method`, `X-Forwarded-Uri`).
///
/// It decides only how a visitor who is signed out is told; what may be reached does not depend on it.
struct ForwardedRequest: Sendable {
    /// Whether somebody opens a page: by fetch metadata (W3C), in browsers without it by what they accept.
    let isNavigation: Bool
    /// Where to sign in, and to come back to this request's page where there is one.
    let signInPath: String
    /// Whether the proxy wants a redirect in place of the 401.
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
        let query = page.map { "?\(PagePath.returnParameter)=\($0.value.percentEncoded)" } ?? ""
        signInPath = PagePath.login + query
        wantsRedirect = request.uri.query.map { $0.isExactly("redirect=true") } ?? false
    }
}

extension HTTPField.Name {
    /// The method of the request that a proxy asks about (Traefik, Caddy).
    static let forwardedMethod = HTTPField.Name(validated: "X-Forwarded-Method")
    /// Path and query of the request that a proxy asks about (Traefik, Caddy).
    static let forwardedURI = HTTPField.Name(validated: "X-Forwarded-Uri")
    /// What a browser says about how a request's answer is used (W3C Fetch Metadata).
    static let secFetchMode = HTTPField.Name(validated: "Sec-Fetch-Mode")
}
