import Hummingbird
import Shared

/// Redirects of a flow (303; RFC 9110, section 15.4.4).
///
/// Except to the provider, the target is a path of this site, so that no request header can change the host.
enum SignInRedirect {
    /// The query parameters that report a failure to the page.
    struct Failure: Sendable {
        let failure: OAuthFailure
        let provider: OAuthProvider
        /// The request ID, to find the log lines.
        let errorID: String
        let returnTo: String?
    }

    /// To the provider.
    static func toProvider(_ address: String) -> Response { to(address) }

    /// Back to the page from which the flow started.
    static func page(_ page: ReturnPath) -> Response { to(page.value) }

    /// To the account page, which confirms the new link.
    static func linked(_ provider: OAuthProvider) -> Response {
        to(PagePath.account, [(PagePath.linkedParameter, provider.rawValue)])
    }

    /// To the page that asks for the password of the account with the same email.
    static func askPassword(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.login, [(PagePath.pendingLinkParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the page that asks for an email address.
    static func askAddress(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.address, [(PagePath.providerParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the page that asks whether to sign in through the provider, because no page of this site started the flow.
    static func confirm(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.login, [(PagePath.confirmParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the account page of a user whose flow is already complete.
    static func account() -> Response { to(PagePath.account) }

    /// To a page that shows the error.
    static func failed(_ failure: Failure, page: String) -> Response {
        to(
            page,
            [
                (PagePath.failureParameter, failure.failure.rawValue),
                (PagePath.providerParameter, failure.provider.rawValue),
                (PagePath.errorIDParameter, failure.errorID), (PagePath.returnParameter, failure.returnTo),
            ]
        )
    }

    private static func to(_ path: String, _ parameters: [(name: String, value: String?)] = []) -> Response {
        Response(status: .seeOther, headers: [.location: path.withQuery(parameters)])
    }
}
