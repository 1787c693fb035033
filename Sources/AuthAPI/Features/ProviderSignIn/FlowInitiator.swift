import HTTPTypes
import Shared

/// What made the browser start a flow.
enum FlowInitiator: Sendable, Equatable {
    /// A page of this site.
    case thisSite
    /// A page of another site.
    case anotherSite
    /// Unknown: an address that was typed or came in a message, a page that sends no referrer, or no browser.
    case unknown

    /// The maximum size of `Origin`, and of the origin in `Referer`, in bytes.
    private static let maximumLength = 512

    /// Uses `Sec-Fetch-Site` (W3C Fetch Metadata); if the browser does not send it, `Origin` or `Referer`.
    init(_ head: HTTPRequest, publicURL: WebOrigin) {
        if let site = head.headerFields[.secFetchSite] {
            self =
                site.isExactly("same-origin")
                ? .thisSite : site.isExactly("none") ? .unknown : .anotherSite
            return
        }
        guard let sender = head.headerFields[.origin] ?? head.headerFields[.referer] else {
            self = .unknown
            return
        }
        guard let origin = Self.origin(of: sender) else {
            self = .anotherSite
            return
        }
        self =
            SiteOrigins(publicURL: publicURL).isOurs(origin, askedAt: head.authority)
            ? .thisSite : .anotherSite
    }

    /// The scheme and authority of an address.
    private static func origin(of address: String) -> WebOrigin? {
        let start = address.utf8.prefix(maximumLength)
        let parts = start.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[1].isEmpty, parts.count == 4 || start.count == address.utf8.count,
            let scheme = String(parts[0]), let authority = String(parts[2])
        else { return nil }
        return WebOrigin("\(scheme)//\(authority)")
    }
}
