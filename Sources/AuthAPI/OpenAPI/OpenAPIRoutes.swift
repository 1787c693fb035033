import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Handlers of the OpenAPI document and of the page that is made from it, both rendered once.
struct OpenAPIRoutes: Sendable {
    /// The path of the page's style sheet.
    ///
    /// Below `/docs`, which the reverse proxy passes on; not part of the API, so the document does not name it.
    static let stylesheetPath = "\(APIPath.docs)/style.css"

    private let documentAsset: StaticAsset
    private let pageAssets: [SiteLanguage: StaticAsset]
    private let stylesheetAsset: StaticAsset

    /// Renders the page, whose commands call the API at the given address.
    init(publicURL: WebOrigin) throws {
        documentAsset = StaticAsset(OpenAPIDocument.json, type: "application/json")
        let document = try OpenAPIDocument()
        pageAssets = Dictionary(
            uniqueKeysWithValues: SiteLanguage.allCases.map { language in
                let page = DocsPage(document: document, publicURL: publicURL.description, language: language)
                return (language, StaticAsset(Array(page.html.utf8), type: "text/html; charset=utf-8"))
            }
        )
        stylesheetAsset = StaticAsset(
            PackageResources.docs_operations_css + PackageResources.docs_css,
            type: "text/css; charset=utf-8"
        )
    }

    /// `GET /openapi.json`: the document.
    @Sendable func document(_ request: Request, context: some RequestContext) -> Response {
        documentAsset.response(to: request)
    }

    /// `GET /docs`: the document as a page.
    @Sendable func docs(_ request: Request, context: some RequestContext) throws -> Response {
        let language = SiteLanguage(for: request)
        guard var response = pageAssets[language]?.response(to: request) else { throw APIError(.internalError) }
        response.headers[.contentLanguage] = language.tag
        response.headers[.vary] = SiteLanguage.vary
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
            + "form-action 'none'"
        return response
    }

    /// `GET /docs/style.css`: the page's style sheet.
    @Sendable func stylesheet(_ request: Request, context: some RequestContext) -> Response {
        stylesheetAsset.response(to: request)
    }
}

/// Bytes that stay the same until the next version, and their name for caches.
private struct StaticAsset: Sendable {
    let body: ByteBuffer
    let headers: HTTPFields
    let tag: String

    init(_ bytes: [UInt8], type: String) {
        let digits = Array("0123456789abcdef")
        tag = SHA256.hash(data: bytes).prefix(8).map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
        body = ByteBuffer(bytes: bytes)
        headers = [.contentType: type, .contentLength: String(bytes.count)]
    }

    /// The bytes, or 304 when the client has them (RFC 9110, section 13.1.2).
    func response(to request: Request) -> Response {
        let isKnown = request.headers[values: .ifNoneMatch].contains { value in
            value.split(separator: ",").contains { candidate in
                let candidate = candidate.drop { $0 == " " }
                // A proxy that compresses makes the name a weak one.
                let opaque = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
                return opaque.prefix { $0 != " " } == "\"\(tag)\"" || opaque == "*"
            }
        }
        var response =
            isKnown
            ? Response(status: .notModified)
            : Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
        response.headers[.eTag] = "\"\(tag)\""
        // May be kept, but is asked for each time: a new version is seen at once.
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
