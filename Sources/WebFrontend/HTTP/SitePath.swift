import Shared

/// Every path of the site, for the routes, the links and the tests.
enum SitePath {
    static let home = "/"
    static let login = PagePath.login
    static let register = PagePath.register
    static let address = PagePath.address
    static let recover = PagePath.recover
    static let logout = "/logout"
    /// Checks, right after signing in, whether the browser stored the cookie.
    static let signedIn = "/signed-in"
    /// The target of nginx's redirect for visitors who open a page of the application without a session.
    static let applicationEntrance = "/application/sign-in"
    static let account = PagePath.account
    static let password = PagePath.password
    static let name = PagePath.name
    static let deletion = PagePath.deletion
    static let data = PagePath.data
    static let downloadData = "/account/data/download"
    /// Leads password managers to the page that changes a password (W3C, "A Well-Known URL for Changing Passwords").
    static let changePassword = "/.well-known/change-password"
    /// How to report a vulnerability (RFC 9116).
    static let securityText = "/.well-known/security.txt"
    /// Stores the choice of a language.
    static let language = "/language"
    /// Ends one session; the pattern for the router.
    static let endSession = "/account/sessions/{id}/end"
    /// Unlinks one provider account; the pattern for the router.
    static let unlink = "/account/identities/{id}/unlink"
    static let endOtherSessions = "/account/sessions/end-others"
    static let assets = "/assets"
    static let asset = "/assets/{file}"
    static let favicon = "/favicon.ico"
    static let robots = "/robots.txt"
    static let liveness = APIPath.liveness
    static let readiness = APIPath.readiness

    /// Starts signing in through a provider: a path of the API, which the proxy serves on the same site.
    ///
    /// With `choosing`, the provider asks which account to use.
    static func signIn(through provider: OAuthProvider, returnTo: ReturnPath?, choosing: Bool = false) -> String {
        APIPath.startOAuth(provider).withQuery([
            (PagePath.chooseParameter, choosing ? "true" : nil), (PagePath.returnParameter, returnTo?.value),
        ])
    }

    /// Starts linking a provider account to the signed-in user, with the API's ticket for the visitor's session.
    static func linking(_ ticket: ProviderTicketBody) -> String {
        APIPath.startOAuth(ticket.provider).withQuery([
            (PagePath.linkParameter, ticket.ticket), (PagePath.returnParameter, account),
        ])
    }

    /// Starts signing in again at a provider, to confirm a change on a page.
    static func reauthenticating(_ ticket: ProviderTicketBody, page: String) -> String {
        APIPath.startOAuth(ticket.provider).withQuery([
            (PagePath.reauthenticateParameter, ticket.ticket), (PagePath.returnParameter, page),
        ])
    }

    /// The page that asks for a password to link an account of a provider.
    static func linkWithPassword(_ provider: OAuthProvider, returnTo: ReturnPath?) -> String {
        login.withQuery([
            (PagePath.pendingLinkParameter, provider.rawValue), (PagePath.returnParameter, returnTo?.value),
        ])
    }

    /// The page that asks whether to sign in through a provider.
    static func confirm(_ provider: OAuthProvider, returnTo: ReturnPath?) -> String {
        login.withQuery([
            (PagePath.confirmParameter, provider.rawValue), (PagePath.returnParameter, returnTo?.value),
        ])
    }

    /// The account page, with the confirmation that a provider account has been linked.
    static func linked(_ provider: OAuthProvider) -> String {
        account.withQuery([(PagePath.linkedParameter, provider.rawValue)])
    }

    /// The page with the form that is sent to a path; nil when every page has it.
    static func page(withFormTo path: String) -> String? {
        let own = [login, register, address, recover, password, name, deletion].first { path.isExactly($0) }
        return own ?? (path.begins(with: "\(account)/") ? account : nil)
    }

    /// A path with the page to go to after signing in, or with a confirmation to show.
    static func path(_ path: String, returnTo: ReturnPath? = nil, notice: Notice? = nil) -> String {
        path.withQuery([(PagePath.returnParameter, returnTo?.value), ("notice", notice?.rawValue)])
    }
}
