import FoundationEssentials
import Hummingbird
import Logging
import Shared

/// The account page: profile, sign-in methods and sessions.
struct AccountPage: Sendable {
    let site: Site

    /// Shows the page.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await protected(request, context) { caller in
            async let user = site.api.me(for: caller)
            async let list = site.api.sessions(for: caller)
            async let identities = site.api.identities(for: caller)
            async let providers = site.providers(for: caller, context)
            let query = Form(query: request)
            let sessions = try await list
            var view = AccountView(
                sessions: sessions.sessions,
                identities: IdentitiesView(list: try await identities, providers: await providers)
            )
            view.sessionTotal = sessions.total
            view.application = site.settings.application?.home
            view.report = OAuthReport(query)
            view.linked = query.provider(PagePath.linkedParameter)
            return try site.pages.response(view, visitor: .signedIn(try await user), notice: query.notice, in: context)
        }
    }

    /// Ends one session.
    @Sendable func endSession(_ request: Request, _ context: PageContext) async throws -> Response {
        guard let id = context.parameters.get("id", as: UUID.self) else { throw APIError(.notFound) }
        return try await protected(request, context) { caller in
            do {
                let cookies = try await site.api.endSession(id, for: caller)
                let response = Response.seeOther(page(.sessionEnded), cookies: cookies)
                // Cookies to delete mean that it was the session of this browser.
                return cookies.isEmpty ? response : site.forgettingPages(response)
            } catch let error as APIError where error.code == .sessionNotFound {
                return .seeOther(page(.sessionGone))
            }
        }
    }

    /// Unlinks one provider account.
    @Sendable func unlink(_ request: Request, _ context: PageContext) async throws -> Response {
        guard let id = context.parameters.get("id", as: UUID.self) else { throw APIError(.notFound) }
        return try await protected(request, context) { caller in
            do {
                try await site.api.unlink(id, for: caller)
                return .seeOther(page(.identityUnlinked))
            } catch let error as APIError where error.code == .identityNotFound {
                return .seeOther(page(.identityGone))
            } catch let error as APIError where error.code == .lastSignInMethod {
                return .seeOther(page(.identityLast))
            }
        }
    }

    /// Ends every session except the current one.
    @Sendable func endOtherSessions(_ request: Request, _ context: PageContext) async throws -> Response {
        try await protected(request, context) { caller in
            _ = try await site.api.endOtherSessions(for: caller)
            return .seeOther(page(.othersEnded))
        }
    }

    /// Signs this browser out.
    ///
    /// Deletes its cookie and cached pages even if the session cannot be ended, and then shows that on the next page.
    @Sendable func signOut(_ request: Request, _ context: PageContext) async throws -> Response {
        let caller = Caller(request, context)
        var cookies: [String]
        var notice = Notice.signedOut
        do {
            cookies = try await site.api.logout(for: caller)
        } catch {
            context.logger.warning("session not ended at sign-out", metadata: ["cause": .string("\(type(of: error))")])
            cookies = []
            if caller.hasSession { notice = .signedOutHere }
        }
        if cookies.isEmpty {
            let own = context.cookies
            cookies = [own.deleting(caller.sessionCookie)]
            if caller.hasPendingLink { cookies.append(own.deleting(own.name(SiteCookies.pendingLink))) }
            if caller.hasPendingAddress { cookies.append(own.deleting(own.name(SiteCookies.pendingAddress))) }
        }
        // Otherwise a page that is opened immediately afterwards would report a conflicting cookie.
        if caller.wasRedirected { cookies.append(context.cookies.deleting(SiteCookies.redirected)) }
        let page = SitePath.path(site.settings.farewell, notice: notice)
        return site.forgettingPages(.seeOther(page, cookies: cookies))
    }

    private func protected(
        _ request: Request,
        _ context: PageContext,
        _ operation: (Caller) async throws -> Response
    ) async throws -> Response {
        try await site.protected(request, context, page: SitePath.account, operation)
    }

    private func page(_ notice: Notice) -> String {
        SitePath.path(SitePath.account, notice: notice)
    }
}
