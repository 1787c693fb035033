import HTTPTypes
import Hummingbird
import Testing

@testable import Shared

/// A14: unsafe requests that a browser sends on behalf of another site.
@Suite struct CrossSiteGuardTests {
    private static let allowed = "https://app.example.org"
    private let guardian = CrossSiteGuard(
        allowedOrigins: Set([WebOrigin(Self.allowed)].compactMap(\.self))
    )

    private func allows(
        _ method: HTTPRequest.Method,
        host: String = "site.example:8080",
        site: String? = nil,
        origin: String? = nil
    ) -> Bool {
        var head = HTTPRequest(method: method, scheme: "http", authority: host, path: "/")
        head.headerFields[.secFetchSite] = site
        head.headerFields[.origin] = origin
        return guardian.allows(head)
    }

    @Test("Reading is never refused", arguments: [HTTPRequest.Method.get, .head, .options])
    func safeMethods(method: HTTPRequest.Method) {
        #expect(allows(method, site: "cross-site", origin: "https://evil.example"))
    }

    @Test("Fetch metadata decides where it is present", arguments: [HTTPRequest.Method.post, .put, .patch, .delete])
    func fetchMetadata(method: HTTPRequest.Method) {
        #expect(allows(method, site: "same-origin", origin: "http://site.example:8080"))
        #expect(allows(method, site: "none"))
        #expect(!allows(method, site: "cross-site", origin: "https://evil.example"))
        #expect(!allows(method, site: "same-site", origin: "http://other.site.example:8080"))
        #expect(!allows(method, site: "cross-site"))
        #expect(!allows(method, site: "nonsense"))
        // The header of an older proxy or an attacker's guess: the origin does not outweigh it.
        #expect(!allows(method, site: "cross-site", origin: "http://site.example:8080"))
    }

    @Test("Without fetch metadata the origin decides")
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

    @Test("Neither header: not a browser")
    func notABrowser() { #expect(allows(.post)) }

    @Test("Configured origins may, whatever the metadata says")
    func configured() {
        #expect(allows(.post, site: "cross-site", origin: Self.allowed))
        #expect(allows(.post, origin: Self.allowed))
        #expect(!allows(.post, site: "cross-site", origin: "https://app.example.org.evil.example"))
    }
}
