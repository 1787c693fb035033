import Hummingbird
import Shared

/// The cookie in which a page keeps the code of an invitation for a sign-in through a provider.
struct InviteCookie: Sendable {
    /// The most bytes that are looked at.
    private static let maximumLength = 64

    private let site: SiteCookies
    private let name: String

    init(publicURL: WebOrigin) {
        site = SiteCookies(publicURL: publicURL)
        name = site.name(PagePath.inviteCookie)
    }

    /// The code, if there is one.
    func code(of request: Request) -> String? {
        request.cookieValue(name).flatMap { $0.utf8.count <= Self.maximumLength ? $0 : nil }
    }

    /// Forgets it, if the browser has one.
    func forget(of request: Request, on response: inout Response) {
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }
}
