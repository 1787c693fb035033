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
        if authority.hasPrefix("[::1]") { return true }
        let host = authority.prefix { $0 != ":" }
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

extension HTTPField.Name {
    /// What a browser is to forget of a site.
    public static let clearSiteData = HTTPField.Name(validated: "Clear-Site-Data")
}
