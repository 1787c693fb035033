import HTTPTypes

/// Rejects unsafe requests that a browser sends on behalf of another site.
///
/// The rule of OWASP "Cross-Site Request Forgery Prevention" (Fetch Metadata, with Origin as the fallback), like Go's
/// `http.CrossOriginProtection`. Forms contain no token, so there are no errors because of stale tokens.
struct CrossSiteGuard: Sendable {
    private let own: SiteOrigins

    /// Creates the guard.
    ///
    /// - Parameters:
    ///   - publicURL: the site, whose own pages are always accepted.
    ///   - allowedOrigins: other origins whose pages may call this server.
    init(publicURL: WebOrigin, allowedOrigins: Set<WebOrigin> = []) {
        own = SiteOrigins(publicURL: publicURL, allowedOrigins: allowedOrigins)
    }

    /// Whether to accept the request.
    ///
    /// - Parameters:
    ///   - head: the request.
    ///   - isSafePath: whether GET requests of the path have no side effects (RFC 9110, section 9.2.1).
    /// - Returns: whether it is from this site, or safe.
    func allows(_ head: HTTPRequest, isSafePath: Bool = true) -> Bool {
        switch head.method {
        case .get, .head, .options:
            if isSafePath { return true }
        default: break
        }
        let origins = head.headerFields[values: .origin]
        if let site = head.headerFields[.secFetchSite] {
            if site.isExactly("same-origin") || site.isExactly("none") { return true }
            return isOurs(origins, askedAt: nil)
        }
        // Neither header: not a browser, so there is no ambient cookie to abuse.
        return origins.isEmpty || isOurs(origins, askedAt: head.authority)
    }

    private func isOurs(_ origins: [String], askedAt host: String?) -> Bool {
        guard origins.count == 1, let origin = WebOrigin(origins[0]) else { return false }
        return own.isOurs(origin, askedAt: host)
    }
}
