import FoundationEssentials
import Hummingbird
import Shared

/// The user's own page: who they are, how they sign in, and where they are signed in.
struct AccountPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer
    let settings: FrontendSettings

    /// Shows the page to its owner.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await protected(request, context) { caller in
            async let user = api.me(for: caller)
            async let list = api.sessions(for: caller)
            async let identities = api.identities(for: caller)
            let query = Form(query: request)
            var view = AccountView(
                sessions: try await list.sessions,
                identities: IdentitiesView(list: try await identities, providers: settings.providers)
            )
            view.report = OAuthReport(query)
            view.connected = query.provider(PagePath.connectedParameter)
            return try pages.response(view, visitor: .signedIn(try await user), notice: query.notice, in: context)
        }
    }

    /// Ends one session, on another device as a rule.
    @Sendable func endSession(_ request: Request, _ context: PageContext) async throws -> Response {
        guard let id = context.parameters.get("id", as: UUID.self) else { throw APIError(.notFound) }
        return try await protected(request, context) { caller in
            do {
                let cookies = try await api.endSession(id, for: caller)
                return .seeOther(link(.sessionEnded), cookies: cookies)
            } catch let error as APIError where error.code == .sessionNotFound {
                return .seeOther(link(.sessionGone))
            }
        }
    }

    /// Unlinks one provider account.
    @Sendable func unlink(_ request: Request, _ context: PageContext) async throws -> Response {
        guard let id = context.parameters.get("id", as: UUID.self) else { throw APIError(.notFound) }
        return try await protected(request, context) { caller in
            do {
                try await api.unlink(id, for: caller)
                return .seeOther(link(.identityUnlinked))
            } catch let error as APIError where error.code == .identityNotFound {
                return .seeOther(link(.identityGone))
            } catch let error as APIError where error.code == .lastSignInMethod {
                return .seeOther(link(.identityLast))
            }
        }
    }

    /// Ends every session but this one.
    @Sendable func endOtherSessions(_ request: Request, _ context: PageContext) async throws -> Response {
        try await protected(request, context) { caller in
            _ = try await api.endOtherSessions(for: caller)
            return .seeOther(link(.othersEnded))
        }
    }

    /// Signs this browser out.
    @Sendable func signOut(_ request: Request, _ context: PageContext) async throws -> Response {
        let cookies = try await api.logout(for: Caller(request, context))
        return .seeOther(SitePath.link(SitePath.home, returnTo: nil, notice: .signedOut), cookies: cookies)
    }

    private func protected(
        _ request: Request,
        _ context: PageContext,
        _ operation: (Caller) async throws -> Response
    ) async throws -> Response {
        let caller = Caller(request, context)
        return try await visitors.signedIn(caller, returnTo: ReturnPath(SitePath.account)) {
            try await operation(caller)
        } orElse: {
            .seeOther($0)
        }
    }

    private func link(_ notice: Notice) -> String {
        SitePath.link(SitePath.account, returnTo: nil, notice: notice)
    }
}
