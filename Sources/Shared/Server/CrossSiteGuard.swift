import HTTPTypes

/// Refuses unsafe requests that a browser sends on behalf of another site.
///
/// The rule of OWASP "Cross-Site Request Forgery Prevention" (Fetch Metadata, with Origin as the fallback), as Go's
/// `http.CrossOriginProtection` has it. No token travels in forms: a token that went stale is the first error that
/// newcomers of other systems see.
struct CrossSiteGuard: Sendable {
    private let allowedOrigins: Set<WebOrigin>

    /// Makes the guard.
    ///
    /// - Parameter allowedOrigins: other origins whose pages may call this server.
    init(allowedOrigins: Set<WebOrigin> = []) { self.allowedOrigins = allowedOrigins }

    /// Whether the request may pass.
    func allows(_ head: HTTPRequest) -> Bool {
        switch head.method {
        case .get, .head, .options: return true
        default: break
        }
        let origins = head.headerFields[values: .origin]
        if let site = head.headerFields[.secFetchSite] {
            return site == "same-origin" || site == "none" || areAllowed(origins)
        }
        // Neither header: not a browser, so there is no ambient cookie to abuse.
        guard let origin = origins.first else { return true }
        guard origins.count == 1 else { return false }
        return isSameHost(origin, head.authority) || areAllowed(origins)
    }

    private func areAllowed(_ origins: [String]) -> Bool {
        guard origins.count == 1, let origin = WebOrigin(origins[0]) else { return false }
        return allowedOrigins.contains(origin)
    }

    private func isSameHost(_ origin: String, _ host: String?) -> Bool {
        guard let origin = WebOrigin(origin), let host, let asked = WebOrigin("\(origin.scheme)://\(host)") else {
            return false
        }
        return origin.authority == asked.authority
    }
}
