import Hummingbird
import Shared

/// The cookie in which a page stores the code of an invitation for a provider sign-in.
struct InviteCookie: Sendable {
    /// The maximum length in bytes.
    private static let maximumLength = 64

    private let site: SiteCookies
    private let name: String

    init(publicURL: WebOrigin) {
        site = SiteCookies(publicURL: publicURL)
        name = site.name(SiteCookies.invite)
    }

    /// The code, if present.
    func code(of request: Request) -> String? {
        request.cookieValue(name).flatMap { $0.utf8.count <= Self.maximumLength ? $0 : nil }
    }

    /// Deletes the cookie, if the browser has one.
    func forget(of request: Request, on response: inout Response) {
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }
}
