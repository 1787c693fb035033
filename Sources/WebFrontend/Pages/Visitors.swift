import Hummingbird
import Shared

/// Determines the visitor of a page.
struct Visitors: Sendable {
    let api: AuthAPIClient

    /// The caller's user; sends a request to the API only when there is a cookie.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    func visitor(_ caller: Caller) async throws -> Visitor {
        guard caller.hasSession else { return .anonymous }
        do {
            return .signedIn(try await api.me(for: caller))
        } catch let error as APIError where error.code == .unauthenticated {
            return .anonymous
        }
    }

    /// Runs an action for signed-in users; redirects others to the sign-in page and then to the given page.
    ///
    /// - Throws: ``ForeignCookie`` when signing in again would lead here again.
    func signedIn<Value>(
        _ caller: Caller,
        returnTo: ReturnPath?,
        _ operation: () async throws -> Value,
        orElse redirect: (String) -> Value
    ) async throws -> Value {
        guard caller.hasSession else {
            if caller.wasRedirected { throw ForeignCookie(name: caller.sessionCookie) }
            return redirect(SitePath.link(SitePath.login, returnTo: returnTo))
        }
        do {
            return try await operation()
        } catch let error as APIError where error.code == .unauthenticated {
            if caller.hasForeignSession || caller.wasRedirected { throw ForeignCookie(name: caller.sessionCookie) }
            return redirect(SitePath.link(SitePath.login, returnTo: returnTo, notice: .sessionOver))
        }
    }
}

extension Visitors {
    /// Shows a page to signed-in users; redirects others to the sign-in page and back.
    func protected(
        _ request: Request,
        _ context: PageContext,
        page: String,
        _ operation: (Caller) async throws -> Response
    ) async throws -> Response {
        let caller = Caller(request, context)
        return try await signedIn(caller, returnTo: ReturnPath(page)) {
            try await operation(caller)
        } orElse: {
            .seeOther($0)
        }
    }
}

/// Another program on the same host has set a cookie with the name of this site's, so that no visitor can be signed in.
struct ForeignCookie: Error {
    /// The cookie's name.
    let name: String
}
