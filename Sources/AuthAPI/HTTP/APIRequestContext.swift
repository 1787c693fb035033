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
    var clientAddress = ""
    /// Who is signed in, where ``Authenticator`` ran and found a live session.
    var signedIn: SignedIn?

    init(source: Source) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

/// The context of handlers that need a signed-in user: that the check ran is proved by the type.
struct SignedInContext: ChildRequestContext, TracedContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    let clientAddress: String
    /// Who is signed in, with which session.
    let signedIn: SignedIn

    /// - Throws: `unauthenticated` when nobody is signed in.
    init(context: APIRequestContext) throws {
        guard let signedIn = context.signedIn else { throw APIError(.unauthenticated) }
        coreContext = context.coreContext
        requestID = context.requestID
        clientAddress = context.clientAddress
        self.signedIn = signedIn
    }
}

/// A user and the live session through which a request came.
struct SignedIn: Sendable {
    /// The user.
    let account: Account
    /// The session.
    let sessionID: SessionID
}
