import Hummingbird
import NIOCore
import Shared

/// A context with only what the shared middleware needs.
struct TestContext: ServedRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    var requestID = ""
    var clientAddress = "unknown"

    init(source: Source) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
