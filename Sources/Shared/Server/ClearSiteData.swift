public import HTTPTypes

/// Tells a browser to forget the pages that it keeps, those for its Back button included (W3C Clear Site Data).
///
/// Browsers heed it only where the site is potentially trustworthy (W3C Secure Contexts, section 3.1); elsewhere they
/// ignore it and complain to whoever reads the console, so it is not sent there.
public enum ClearSiteData {
    /// The header for a site at the given address; nil where browsers would ignore it.
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
    /// What a browser is to forget of a site.
    public static let clearSiteData = HTTPField.Name(validated: "Clear-Site-Data")
}
