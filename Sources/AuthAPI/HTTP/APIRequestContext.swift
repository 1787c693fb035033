import Hummingbird
import NIOCore
import Shared

/// What the audit trail tells of where a request came from.
protocol TracedContext {
    /// The identifier that the logs of proxy, frontend and API share.
    var requestID: String { get }
    /// The address of the browser or program that asked.
    var clientAddress: String { get }
}

/// What the API knows of a request on its way to a handler.
struct APIRequestContext: ServedRequestContext, TracedContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    var requestID = ""
    var clientAddress = "unknown"

    init(source: Source) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

/// What handlers that need a signed-in user know; only ``Authenticator`` makes one.
struct SignedInContext: Sendable, TracedContext {
    private let context: APIRequestContext
    /// Who is signed in, with which session.
    let signedIn: SignedIn

    init(_ context: APIRequestContext, _ signedIn: SignedIn) {
        self.context = context
        self.signedIn = signedIn
    }

    var requestID: String { context.requestID }
    var clientAddress: String { context.clientAddress }
    /// What the router found in the path.
    var parameters: Parameters { context.parameters }
}

/// A user and the live session through which a request came.
struct SignedIn: Sendable {
    /// The user.
    let user: User
    /// The session.
    let sessionID: SessionID
    /// Whether a provider vouches for the user's email address.
    let isEmailVerified: Bool
}
