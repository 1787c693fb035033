import Hummingbird
import NIOCore
import Shared

/// The context of a request.
struct PageContext: ServedRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    var requestID = ""
    var clientAddress = "unknown"
    /// The language of the response.
    var language = SiteLanguage.english
    /// The requested page, to return to after a change of language; the home page for a form.
    var requestedPath = ReturnPath.home
    /// The names and attributes of this site's cookies.
    var cookies = SiteCookies(publicURL: .localhost)
    /// Whether the response may use gzip.
    var takesGzip = false

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}
