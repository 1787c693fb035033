import Hummingbird
import Shared

/// Separates the application's cookies from this site's, which never reach it.
///
/// The language cookie is passed on: it is not secret, and an application may use the same language.
struct ForeignCookies: Sendable {
    private let prefixes: [[UInt8]]
    private let names: [[UInt8]]

    /// Creates the filter for the names of this site's cookies.
    init(_ site: SiteCookies) {
        prefixes = [SiteCookies.flowPrefix, SiteCookies.entryPrefix].map { Array(site.name($0).utf8) }
        let names = [
            SiteCookies.session, SiteCookies.applicationSession, SiteCookies.pendingLink, SiteCookies.pendingAddress,
            SiteCookies.knownDevice, SiteCookies.invite,
        ]
        self.names = names.map { Array(site.name($0).utf8) } + [Array(SiteCookies.redirected.utf8)]
    }

    /// The cookies of a request without this site's, unchanged and in order; empty when none is left.
    ///
    /// Cookies end at semicolons, even inside quotes (RFC 6265, section 4.1.1), so that an application whose parser
    /// supports quotes does not find ours inside of them.
    func header(of request: Request) -> String {
        request.headers.cookiePairs.filter { !isOurs($0) }.joined(separator: "; ")
    }

    private func isOurs(_ pair: Substring) -> Bool {
        var name = pair.utf8.prefix { $0 != UInt8(ascii: "=") }
        while let last = name.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { name.removeLast() }
        return prefixes.contains { name.starts(with: $0) } || names.contains { name.elementsEqual($0) }
    }
}
