import HTTPTypes
import Hummingbird
import Testing

@testable import Shared

/// A14: Unsafe requests that a browser sends on behalf of another site.
@Suite struct CrossSiteGuardTests {
    private static let allowed = "https://app.example.org"

    private func allows(
        _ method: HTTPRequest.Method,
        host: String? = "site.example:8080",
        site: String? = nil,
        origin: String? = nil,
        publicURL: String = "http://localhost:8080"
    ) -> Bool {
        allows(method, host: host, site: site, origins: origin.map { [$0] } ?? [], publicURL: publicURL)
    }

    private func allows(
        _ method: HTTPRequest.Method,
        host: String?,
        site: String?,
        origins: [String],
        publicURL: String
    ) -> Bool {
        guard let publicURL = WebOrigin(publicURL) else { return false }
        let allowed = Set([WebOrigin(Self.allowed)].compactMap(\.self))
        var head = HTTPRequest(method: method, scheme: "http", authority: host, path: "/")
        head.headerFields[.secFetchSite] = site
        for origin in origins { head.headerFields.append(HTTPField(name: .origin, value: origin)) }
        return CrossSiteGuard(publicURL: publicURL, allowedOrigins: allowed).allows(head)
    }

    @Test("Safe methods are never rejected", arguments: [HTTPRequest.Method.get, .head, .options])
    func safeMethods(method: HTTPRequest.Method) {
        #expect(allows(method, site: "cross-site", origin: "https://evil.example"))
    }

    @Test("Fetch metadata takes precedence", arguments: [HTTPRequest.Method.post, .put, .patch, .delete])
    func fetchMetadata(method: HTTPRequest.Method) {
        #expect(allows(method, site: "same-origin", origin: "http://site.example:8080"))
        #expect(allows(method, site: "none"))
        #expect(!allows(method, site: "cross-site", origin: "https://evil.example"))
        #expect(!allows(method, site: "same-site", origin: "http://other.site.example:8080"))
        #expect(!allows(method, site: "cross-site"))
        #expect(!allows(method, site: "nonsense"))
        // The origin does not override the metadata.
        #expect(!allows(method, site: "cross-site", origin: "http://site.example:8080"))
    }

    @Test("Without fetch metadata, the origin is checked")
    func originFallback() {
        #expect(allows(.post, origin: "http://site.example:8080"))
        #expect(allows(.post, origin: "https://site.example:8080"))
        #expect(!allows(.post, origin: "http://site.example"))
        #expect(!allows(.post, origin: "http://evil.example"))
        #expect(!allows(.post, origin: "null"))
        #expect(!allows(.post, origin: ""))
        #expect(!allows(.post, origin: "http://site.example:8080.evil.example"))
        #expect(!allows(.post, origin: "http://site.example:8080@evil.example"))
        #expect(allows(.post, host: "site.example", origin: "https://site.example:443"))
    }

    @Test("A request with neither header is not from a browser, and is accepted")
    func notABrowser() { #expect(allows(.post)) }

    @Test("Configured origins are accepted, regardless of the metadata")
    func configured() {
        #expect(allows(.post, site: "cross-site", origin: Self.allowed))
        #expect(allows(.post, origin: Self.allowed))
        #expect(!allows(.post, site: "cross-site", origin: "https://app.example.org.evil.example"))
    }

    @Test("W31 The origin of PUBLIC_URL is accepted whatever host a proxy sends", arguments: [nil, "cross-site"])
    func publicURL(site: String?) {
        let url = "http://192.168.1.5:8081"
        for host in ["192.168.1.5", "backend:8000", "192.168.1.5:8081", nil] {
            #expect(allows(.post, host: host, site: site, origin: url, publicURL: url))
            #expect(!allows(.post, host: host, site: site, origin: "http://192.168.1.6:8081", publicURL: url))
        }
    }

    @Test(
        "W31 Several spellings of the origin are accepted",
        arguments: [
            ("https://example.com", "https://EXAMPLE.com"), ("https://example.com", "https://example.com:443"),
            ("https://example.com:443", "https://example.com"), ("http://example.com:80", "http://example.com"),
            ("https://example.com.", "https://example.com"), ("https://example.com", "https://example.com."),
            ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
            ("https://日本語.jp", "https://xn--wgv71a119e.jp"), ("https://xn--wgv71a119e.jp", "https://xn--wgv71a119e.jp"),
        ]
    )
    func spellings(publicURL: String, origin: String) {
        #expect(allows(.post, host: "backend", origin: origin, publicURL: publicURL))
    }

    @Test(
        "W31 Other origins with similar spellings are rejected",
        arguments: [
            "null", "", "https://example.com/", "https://example.com:8443", "https://example.com.evil.example",
            "https://a.example.com", "https://example.com@evil.example", "https://example.com https://evil.example",
            "https://example.com, https://evil.example", "ftp://example.com", "example.com", "https://exаmple.com",
        ]
    )
    func nearSpellings(origin: String) {
        // A trailing slash does not change the origin, and no browser sends it.
        let isOurs = origin == "https://example.com/"
        #expect(allows(.post, host: "backend", origin: origin, publicURL: "https://example.com") == isOurs)
    }

    @Test("W31 Two Origin headers are rejected")
    func twoOrigins() {
        let url = "https://example.com"
        for second in [url, "https://evil.example"] {
            #expect(!allows(.post, host: "example.com", site: nil, origins: [url, second], publicURL: url))
            #expect(!allows(.post, host: "example.com", site: "cross-site", origins: [url, second], publicURL: url))
        }
    }

    @Test("W35 The scheme counts: a page without TLS does not belong to an https site")
    func scheme() {
        #expect(!allows(.post, host: "example.com", origin: "http://example.com", publicURL: "https://example.com"))
        #expect(!allows(.post, host: "10.0.0.5", origin: "http://10.0.0.5", publicURL: "https://example.com"))
        #expect(allows(.post, host: "10.0.0.5", origin: "https://10.0.0.5", publicURL: "https://example.com"))
        #expect(allows(.post, host: "10.0.0.5", origin: "http://10.0.0.5", publicURL: "http://example.com"))
    }
}
