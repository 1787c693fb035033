/// The origins whose pages belong to this site.
public struct SiteOrigins: Sendable {
    private let publicURL: WebOrigin
    private let allowedOrigins: Set<WebOrigin>

    /// Names the origins: that of `PUBLIC_URL`, and those of `ALLOWED_ORIGINS` where they count.
    public init(publicURL: WebOrigin, allowedOrigins: Set<WebOrigin> = []) {
        self.publicURL = publicURL
        self.allowedOrigins = allowedOrigins
    }

    /// Whether an origin is one of them, or that of the host that was asked: a site can have other names in a private
    /// network.
    ///
    /// - Parameters:
    ///   - origin: what a browser says about the page that asks.
    ///   - host: the `Host` header; nil when it does not count.
    /// - Returns: whether its pages belong to this site.
    public func isOurs(_ origin: WebOrigin, askedAt host: String?) -> Bool {
        if origin == publicURL || allowedOrigins.contains(origin) { return true }
        // A page that came without TLS may have been written by anybody in between, so it speaks for no https site.
        guard origin.isSecure || !publicURL.isSecure, let host else { return false }
        return (try? WebOrigin(scheme: origin.scheme, authority: Substring(host))) == origin
    }
}
