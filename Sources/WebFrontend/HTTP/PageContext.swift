import Hummingbird
import NIOCore
import Shared

/// What the frontend knows of a request besides the request itself.
struct PageContext: ServedRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    var requestID = ""
    var clientAddress = ""

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
