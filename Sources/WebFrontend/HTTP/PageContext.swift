import Hummingbird
import NIOCore
import Shared

/// What the frontend knows of a request besides the request itself.
struct PageContext: ServedRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    var requestID = ""
    var clientAddress = "unknown"
    /// The language in which to answer.
    var language = SiteLanguage.english
    /// The page that was asked for, to come back to after another language is chosen; home when it was a form.
    var asked = ReturnPath.home
    /// Whether browsers reach the site through TLS, which decides how its cookies are named.
    var isSecure = false
    /// Whether the answer may be compressed by gzip.
    var takesGzip = false

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
