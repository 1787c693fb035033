import Hummingbird
import Shared

/// The home page: greets signed-in users.
///
/// Shows others what the site is or, if there is an application, redirects them to the sign-in page.
struct HomePage: Sendable {
    let site: Site

    /// Shows the page.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let visitor = try await site.visitor(Caller(request, context))
        let notice = notice(request, visitor)
        let application = site.settings.application?.home
        if application != nil, case .anonymous = visitor {
            return .seeOther(SitePath.path(SitePath.login, notice: notice))
        }
        let view = HomeView(visitor: visitor, application: application)
        return try site.pages.response(view, visitor: visitor, notice: notice, in: context)
    }

    /// A page that greets a user does not show that they signed out.
    private func notice(_ request: Request, _ visitor: Visitor) -> Notice? {
        if case .signedIn = visitor { return nil }
        return Form(query: request).notice
    }
}
