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

    /// A path with query parameters; parameters without a value are left out.
    static func link(_ path: String, _ parameters: [(name: String, value: String?)]) -> String {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
    }

    /// Starts signing in through a provider: a path of the API, which the proxy serves on the same site.
    ///
    /// With `choosing`, the provider asks which account to use.
    static func signIn(through provider: OAuthProvider, returnTo: ReturnPath?, choosing: Bool = false) -> String {
        link(
            APIPath.startOAuth(provider),
            [(PagePath.chooseParameter, choosing ? "true" : nil), (PagePath.returnParameter, returnTo?.value)]
        )
    }

    /// Starts linking a provider account to the signed-in user, with the API's ticket for the visitor's session.
    static func linking(_ linkable: LinkableBody) -> String {
        link(APIPath.startOAuth(linkable.provider), [("link", linkable.ticket), (PagePath.returnParameter, account)])
    }

    /// Starts signing in again at a provider, to confirm a change on a page.
    static func reauthenticating(_ linkable: LinkableBody, page: String) -> String {
        link(
            APIPath.startOAuth(linkable.provider),
            [(PagePath.reauthenticateParameter, linkable.ticket), (PagePath.returnParameter, page)]
        )
    }

    /// The page that asks for a password to connect an account of a provider.
    static func connect(_ provider: OAuthProvider, returnTo: ReturnPath?) -> String {
        link(login, [(PagePath.connectParameter, provider.rawValue), (PagePath.returnParameter, returnTo?.value)])
    }

    /// The page that asks whether to sign in through a provider.
    static func confirm(_ provider: OAuthProvider, returnTo: ReturnPath?) -> String {
        link(login, [(PagePath.confirmParameter, provider.rawValue), (PagePath.returnParameter, returnTo?.value)])
    }

    /// The account page, with the confirmation that a provider account has been connected.
    static func connected(_ provider: OAuthProvider) -> String {
        link(account, [(PagePath.connectedParameter, provider.rawValue)])
    }

    /// A path with the page to go to after signing in.
    static func link(_ path: String, returnTo: ReturnPath?, notice: Notice? = nil) -> String {
        link(path, [("return_to", returnTo?.value), ("notice", notice?.rawValue)])
    }
}
