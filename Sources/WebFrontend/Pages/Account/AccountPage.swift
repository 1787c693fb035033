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
            view.connected = query.provider(PagePath.connectedParameter)
            return try site.pages.response(view, visitor: .signedIn(try await user), notice: query.notice, in: context)
        }
    }

    /// Ends one session.
    @Sendable func endSession(_ request: Request, _ context: PageContext) async throws -> Response {
        guard let id = context.parameters.get("id", as: UUID.self) else { throw APIError(.notFound) }
        return try await protected(request, context) { caller in
            do {
                let cookies = try await site.api.endSession(id, for: caller)
                let response = Response.seeOther(link(.sessionEnded), cookies: cookies)
                // Cookies to delete mean that it was the session of this browser.
                return cookies.isEmpty ? response : forgettingPages(response)
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
                try await site.api.unlink(id, for: caller)
                return .seeOther(link(.identityUnlinked))
            } catch let error as APIError where error.code == .identityNotFound {
                return .seeOther(link(.identityGone))
            } catch let error as APIError where error.code == .lastSignInMethod {
                return .seeOther(link(.identityLast))
            }
        }
    }

    /// Ends every session except the current one.
    @Sendable func endOtherSessions(_ request: Request, _ context: PageContext) async throws -> Response {
        try await protected(request, context) { caller in
            _ = try await site.api.endOtherSessions(for: caller)
            return .seeOther(link(.othersEnded))
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
            cookies = [Response.forgetting(caller.sessionCookie, isSecure: site.settings.common.publicURL.isSecure)]
        }
        // Else a page that is opened right after would report a conflicting cookie.
        if caller.wasRedirected { cookies.append(caller.forgettingRedirect) }
        let page = SitePath.link(site.settings.farewell, returnTo: nil, notice: notice)
        return forgettingPages(.seeOther(page, cookies: cookies))
    }

    /// Deletes the browser's cached pages, so that the next user of the browser cannot go back to them.
    private func forgettingPages(_ response: Response) -> Response {
        var response = response
        if let field = ClearSiteData.cache(at: site.settings.common.publicURL) { response.headers.append(field) }
        return response
    }

    private func protected(
        _ request: Request,
        _ context: PageContext,
        _ operation: (Caller) async throws -> Response
    ) async throws -> Response {
        try await site.protected(request, context, page: SitePath.account, operation)
    }

    private func link(_ notice: Notice) -> String {
        SitePath.link(SitePath.account, returnTo: nil, notice: notice)
    }
}
