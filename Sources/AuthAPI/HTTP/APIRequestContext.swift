import Hummingbird
import NIOCore
import Shared

/// The origin of a request, for the audit trail.
protocol TracedContext {
    /// The request ID, which the logs of nginx, frontend and API share.
    var requestID: String { get }
    /// The address of the client.
    var clientAddress: String { get }
}

/// The context of a request.
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

/// The context for handlers that require a signed-in user; only ``Authenticator`` creates one.
struct SignedInContext: Sendable, TracedContext {
    private let context: APIRequestContext
    /// The signed-in user and session.
    let signedIn: SignedIn

    init(_ context: APIRequestContext, _ signedIn: SignedIn) {
        self.context = context
        self.signedIn = signedIn
    }

    var requestID: String { context.requestID }
    var clientAddress: String { context.clientAddress }
    /// The path parameters.
    var parameters: Parameters { context.parameters }
}
