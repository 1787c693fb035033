public import HTTPTypes

/// Makes a browser delete cached pages, including the back/forward cache (W3C Clear Site Data).
///
/// Browsers obey it only on potentially trustworthy sites (W3C Secure Contexts, section 3.1); elsewhere they ignore it
/// with a warning in the console, so it is not sent there.
public enum ClearSiteData {
    /// The header for a site with the given URL; nil where browsers would ignore it.
    public static func cache(at origin: WebOrigin) -> HTTPField? {
        guard origin.isSecure || isLoopback(origin.authority) else { return nil }
        return HTTPField(name: .clearSiteData, value: "\"cache\"")
    }

    private static func isLoopback(_ authority: String) -> Bool {
        if authority.begins(with: "[::1]") { return true }
        let host = authority.utf8.prefix { $0 != UInt8(ascii: ":") }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Substring.init)
        if labels.last?.isExactly("localhost") ?? false { return true }
        return labels.count == 4 && labels[0].isExactly("127") && labels.allSatisfy { UInt8($0) != nil }
    }
}

extension HTTPField.Name {
    /// The kinds of data that a browser deletes.
    public static let clearSiteData = HTTPField.Name(validated: "Clear-Site-Data")
}
