import Hummingbird
import Shared

/// The page that asks a new user for an email address if the provider has verified none.
struct AddressPage: Sendable {
    let site: Site

    /// Shows the form with the address that the provider reports; without a pending provider account, redirects to the
    /// sign-in page.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        let query = Form(query: request)
        let caller = Caller(request, context)
        guard let pending = try await pending(caller) else { return Self.expired(query) }
        var view = await view(pending, returnTo: query.returnTo, caller, context)
        // The form is not prefilled from the URL.
        view.email = pending.email ?? ""
        view.replaced = try await site.visitor(caller).user
        return try site.pages.response(view, visitor: view.visitor, in: context)
    }

    /// Creates the account and signs in, or shows the form again with the errors.
    @Sendable func submit(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await site.form(request)
        let caller = Caller(request, context)
        if let language = form.language {
            guard let view = await typed(form, caller, context) else { return Self.expired(form) }
            return try site.pages.redrawn(view, for: view.visitor, in: language, context)
        }
        do {
            _ = try EmailAddress(form[.email])
        } catch {
            let failure = FormFailure(fields: [error.inField(FormField.email.rawValue)], email: form[.email])
            return try await failed(form, failure, caller, context)
        }
        let invite = form[.invite]
        do {
            let body = AddressRequest(email: form[.email], invite: invite.isEmpty ? nil : invite)
            let cookies = try await site.api.registerAddress(body, for: caller)
            return .seeOther(SitePath.path(SitePath.signedIn, returnTo: form.returnTo), cookies: cookies)
        } catch let error as APIError where error.code == .noPendingLink {
            return Self.expired(form)
        } catch {
            let failure = try FormFailure(error, email: form[.email], logger: context.logger)
            return try await failed(form, failure, caller, context)
        }
    }

    /// The visitor's provider account that is pending until an address is entered.
    ///
    /// - Throws: ``APIError`` when the API cannot determine it.
    private func pending(_ caller: Caller) async throws -> PendingAddressBody? {
        guard caller.hasPendingAddress else { return nil }
        do {
            return try await site.api.pendingAddress(for: caller)
        } catch let error as APIError where error.code == .noPendingLink {
            return nil
        }
    }

    /// Redirects to the sign-in page, which explains that the flow is over, or redirects visitors who completed it.
    private static func expired(_ form: Form) -> Response {
        .seeOther(
            SitePath.login.withQuery([
                (PagePath.failureParameter, OAuthFailure.flowExpired.rawValue),
                (PagePath.providerParameter, form.provider(PagePath.providerParameter)?.rawValue),
                (PagePath.returnParameter, form.returnTo?.value),
            ])
        )
    }

    private func view(
        _ pending: PendingAddressBody,
        returnTo: ReturnPath?,
        _ caller: Caller,
        _ context: PageContext
    ) async -> AddressView {
        AddressView(
            pending: pending,
            returnTo: returnTo,
            providers: await site.providers(for: caller, context),
            domains: site.settings.registration.domains
        )
    }

    /// The form as it was typed; nil when no provider account is pending.
    ///
    /// While the API does not respond, the provider in the form is shown.
    private func typed(_ form: Form, _ caller: Caller, _ context: PageContext) async -> AddressView? {
        guard caller.hasPendingAddress else { return nil }
        let posted = form.provider(PagePath.providerParameter).map {
            PendingAddressBody(provider: $0, name: nil, email: nil)
        }
        guard let pending = (try? await pending(caller)) ?? posted else { return nil }
        var view = await view(pending, returnTo: form.returnTo, caller, context)
        view.email = form[.email]
        view.invite = form[.invite]
        if caller.hasSession { view.replaced = try? await site.api.me(for: caller) }
        return view
    }

    private func failed(
        _ form: Form,
        _ failure: FormFailure,
        _ caller: Caller,
        _ context: PageContext
    ) async throws -> Response {
        guard let view = await typed(form, caller, context) else { return Self.expired(form) }
        return try site.pages.rejected(view, failure, visitor: view.visitor, in: context)
    }
}
