public import HTTPTypes

/// Makes a browser delete cached pages, including the back/forward cache (W3C Clear Site Data).
///
/// Browsers obey it only on potentially trustworthy sites (W3C Secure Contexts, section 3.1); elsewhere they ignore it
/// with a warning in the console, so it is not sent there.
public enum ClearSiteData {
    /// The header for a site with the given URL; nil where browsers would ignore it.
    public static func cache(at origin: WebOrigin) -> HTTPField? {
        guard origin.isSecure || origin.isLoopback else { return nil }
        return HTTPField(name: .clearSiteData, value: "\"cache\"")
    }
}

extension HTTPField.Name {
    /// The kinds of data that a browser deletes.
    public static let clearSiteData = HTTPField.Name(validated: "Clear-Site-Data")
}
