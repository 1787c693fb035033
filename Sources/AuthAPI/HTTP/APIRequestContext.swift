import Hummingbird
import NIOCore
import Shared

/// What the API knows of a request on its way to a handler.
struct APIRequestContext: ServedRequestContext {
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
struct SignedInContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who is signed in, with which session.
    let signedIn: SignedIn

    /// - Throws: `unauthenticated` when nobody is signed in.
    init(context: APIRequestContext) throws {
        guard let signedIn = context.signedIn else { throw APIError(.unauthenticated) }
        coreContext = context.coreContext
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
