import Hummingbird
import Shared

/// The page that changes the name.
struct NamePage: Sendable {
    let site: Site

    /// Shows the form with the current name.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await site.protected(request, context, page: SitePath.name) { caller in
            let user = try await site.api.me(for: caller)
            return try site.pages.response(NameView(name: user.name), visitor: .signedIn(user), in: context)
        }
    }

    /// Changes the name, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        return try await site.protected(request, context, page: SitePath.name) { caller in
            if let language = form.language {
                var visitor = Visitor.unknown
                do {
                    visitor = .signedIn(try await site.api.me(for: caller))
                } catch let error as APIError where error.code == .serviceUnavailable {
                    // The form is shown without the user.
                }
                return try site.pages.redrawn(NameView(name: form[.name]), for: visitor, in: language, context)
            }
            do {
                _ = try await site.api.changeName(ChangeNameRequest(name: form[.name]), for: caller)
                return .seeOther(SitePath.path(SitePath.account, notice: .nameChanged))
            } catch {
                let failure = try FormFailure(error, email: "", logger: context.logger)
                // While the API is unavailable, the typed name is shown without the user.
                let visitor = (try? await site.api.me(for: caller)).map(Visitor.signedIn) ?? .unknown
                return try site.pages.rejected(NameView(name: form[.name]), failure, visitor: visitor, in: context)
            }
        }
    }
}
