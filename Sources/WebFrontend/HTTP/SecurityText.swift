import FoundationEssentials
import Hummingbird
import NIOCore
import Shared

/// Serves `security.txt`, which describes how to report a vulnerability (RFC 9116).
struct SecurityText: Sendable {
    /// The days until the file expires; RFC 9116, section 2.5.5, recommends less than a year.
    private static let validDays = 90.0
    private static let day = 86_400.0

    /// The contact; nil if the operator has not set one.
    let contact: SecurityContact?
    /// The URL of the site.
    let publicURL: WebOrigin

    /// `GET /.well-known/security.txt`; not found when there is no contact.
    @Sendable func show(_ request: Request, _ context: PageContext) throws -> Response {
        guard let text = text(at: .now) else { throw APIError(.notFound) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "public, max-age=86400"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// The file at a given time; nil when there is no contact.
    func text(at now: Date) -> String? {
        guard let contact else { return nil }
        // The same for a whole day, so that all copies are equal.
        let days = (now.timeIntervalSince1970 / Self.day).rounded(.down) + Self.validDays
        let expires = Date(timeIntervalSince1970: days * Self.day)
        var lines = contact.addresses.map { "Contact: \($0)" }
        lines.append("Expires: \(expires.formatted(.iso8601))")
        // Section 2.5.2: it must begin with "https://".
        if publicURL.isSecure { lines.append("Canonical: \(publicURL)\(SitePath.securityText)") }
        return lines.map { "\($0)\n" }.joined()
    }
}
