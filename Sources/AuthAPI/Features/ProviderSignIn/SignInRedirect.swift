import HTTPTypes
import Hummingbird
import Shared

/// Answers that send a browser on (303, RFC 9110, section 15.4.4).
///
/// But for the way to a provider, the target is a path of this site, so that no header of a request can change the host.
enum SignInRedirect {
    /// What the page is told of a failure.
    struct Failure: Sendable {
        let failure: OAuthFailure
        let provider: OAuthProvider
        /// The request id, under which the log tells more.
        let errorID: String
        let returnTo: String?
    }

    /// To the provider, as the provider's own code made the address.
    static func toProvider(_ address: String) -> Response { to(address) }

    /// Back to the page that the flow began from.
    static func page(_ page: ReturnPath) -> Response { to(page.value) }

    /// To the list of linked accounts, which says that there is a new one.
    static func linked(_ provider: OAuthProvider) -> Response {
        to(PagePath.account, [(PagePath.connectedParameter, provider.rawValue)])
    }

    /// To the page that asks for the password of the account with the same email.
    static func askPassword(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.login, [(PagePath.connectParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the page that asks for an email address.
    static func askAddress(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.address, [(PagePath.providerParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the page that asks whether to sign in through the provider, because no page of this site asked for it.
    static func confirm(_ provider: OAuthProvider, returnTo: String?) -> Response {
        to(PagePath.login, [(PagePath.confirmParameter, provider.rawValue), (PagePath.returnParameter, returnTo)])
    }

    /// To the account page of a user who has nothing left to do.
    static func account() -> Response { to(PagePath.account) }

    /// To a page that says what went wrong.
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
        let query = parameters.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        let location = query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
        return Response(status: .seeOther, headers: [.location: location])
    }
}
