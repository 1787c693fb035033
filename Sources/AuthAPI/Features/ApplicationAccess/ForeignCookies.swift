import HTTPTypes
import Hummingbird
import Shared

/// Tells the application's cookies from this site's own, which never reach it.
///
/// The language is not among those: it is no secret, and an application may want to speak it.
struct ForeignCookies: Sendable {
    private let flowPrefix: [UInt8]
    private let names: [[UInt8]]

    /// Makes the filter for the names that this site gives its cookies.
    init(_ site: SiteCookies) {
        flowPrefix = Array(site.name("oauth_flow_").utf8)
        names =
            ["access_token", "oauth_connect", "known_device", PagePath.inviteCookie].map { Array(site.name($0).utf8) }
            + [
                Array("sent_on".utf8)
            ]
    }

    /// What a request's cookies are without this site's, in their order and each as it came; empty when none is left.
    ///
    /// Cookies end at semicolons, in quotes too (RFC 6265, section 5.4): an application whose parser knows quotes must not
    /// find ours inside of them.
    func header(of request: Request) -> String {
        var kept: [Substring] = []
        for field in request.headers[fields: .cookie] {
            for pair in field.value.utf8.split(separator: UInt8(ascii: ";")) {
                let pair = Self.trimmed(pair)
                if !pair.isEmpty, !isOurs(pair) { kept.append(Substring(pair)) }
            }
        }
        return kept.joined(separator: "; ")
    }

    private func isOurs(_ pair: Substring.UTF8View) -> Bool {
        let name = Self.trimmed(pair.prefix { $0 != UInt8(ascii: "=") })
        return name.starts(with: flowPrefix) || names.contains { name.elementsEqual($0) }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
