/// The origins whose pages belong to this site.
public struct SiteOrigins: Sendable {
    private let publicURL: WebOrigin
    private let allowedOrigins: Set<WebOrigin>

    /// Creates the set: the origin of `PUBLIC_URL`, and those of `ALLOWED_ORIGINS` where they apply.
    public init(publicURL: WebOrigin, allowedOrigins: Set<WebOrigin> = []) {
        self.publicURL = publicURL
        self.allowedOrigins = allowedOrigins
    }

    /// Whether an origin is one of them, or the one of the requested host: a site can have other names in a private
    /// network.
    ///
    /// - Parameters:
    ///   - origin: the origin of the page that sent the request, from the browser.
    ///   - host: the `Host` header; nil when it does not apply.
    /// - Returns: whether its pages belong to this site.
    public func isOurs(_ origin: WebOrigin, askedAt host: String?) -> Bool {
        if origin == publicURL || allowedOrigins.contains(origin) { return true }
        // Without TLS, anyone on the network path can change a page, so it never belongs to an https site.
        guard origin.isSecure || !publicURL.isSecure, let host else { return false }
        return (try? WebOrigin(scheme: origin.scheme, authority: Substring(host))) == origin
    }
}
