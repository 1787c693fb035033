import Hummingbird
import Shared

/// The first page: greets who is signed in, and tells everybody else what this is, or where there is an application, has
/// them sign in.
struct HomePage: Sendable {
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings

    /// Shows the page.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let visitor = try await visitors.visitor(Caller(request, context))
        let notice = notice(request, visitor)
        let application = settings.application?.home
        if application != nil, case .anonymous = visitor {
            return .seeOther(SitePath.link(SitePath.login, returnTo: nil, notice: notice))
        }
        let view = HomeView(visitor: visitor, application: application)
        return try pages.response(view, visitor: visitor, notice: notice, in: context)
    }

    /// A page that greets somebody by name does not say that they signed out.
    private func notice(_ request: Request, _ visitor: Visitor) -> Notice? {
        if case .signedIn = visitor { return nil }
        return Form(query: request).notice
    }
}
