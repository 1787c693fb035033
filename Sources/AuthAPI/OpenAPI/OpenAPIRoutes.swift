import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Handlers of the OpenAPI document and of its page, both rendered once.
struct OpenAPIRoutes: Sendable {
    /// The path of the page's style sheet.
    ///
    /// Below `/docs`, which nginx passes on; not part of the API, so the document does not list it.
    static let stylesheetPath = "\(APIPath.docs)/style.css"

    /// The path of the page's script, which lets readers send requests.
    static let scriptPath = "\(APIPath.docs)/try.js"
    /// The page may load files from, and send requests to, this site only.
    private static let pagePolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    private let indexAsset: StaticAsset
    private let documentAsset: StaticAsset
    private let pageAssets: [SiteLanguage: StaticAsset]
    private let stylesheetAsset: StaticAsset
    private let scriptAsset: StaticAsset

    /// Renders everything.
    ///
    /// - Parameters:
    ///   - publicURL: the address of the API in commands and links.
    ///   - name: the name of the site.
    /// - Throws: `JSONParser.Failure` when the document is not JSON.
    init(publicURL: WebOrigin, name: SiteName = .standard) throws {
        let index = JSONValue.object([
            .init(name: "name", value: .string(name.english)),
            .init(name: "version", value: .string(Version.current)),
            .init(name: "docs", value: .string(publicURL.description + APIPath.docs)),
            .init(name: "openapi", value: .string(publicURL.description + APIPath.openAPI)),
        ])
        indexAsset = StaticAsset(Array((index.compact + "\n").utf8), type: "application/json")
        documentAsset = StaticAsset(Array(OpenAPIDocument.text(for: name.english).utf8), type: "application/json")
        pageAssets = Dictionary(
            uniqueKeysWithValues: try SiteLanguage.allCases.map { language in
                let document = try OpenAPIDocument(for: name[language])
                let page = DocsPage(document: document, publicURL: publicURL.description, language: language)
                return (language, StaticAsset(Array(page.html.utf8), type: "text/html; charset=utf-8"))
            }
        )
        stylesheetAsset = StaticAsset(
            PackageResources.docs_operations_css + PackageResources.docs_css,
            type: "text/css; charset=utf-8"
        )
        scriptAsset = StaticAsset(PackageResources.docs_try_js, type: "text/javascript; charset=utf-8")
    }

    /// `GET /api/`: name and version of the API, with links to its documentation.
    @Sendable func index(_ request: Request, context: some RequestContext) throws -> Response {
        // The router takes `/api` for the same path.
        guard request.uri.path.isExactly(APIPath.index) else { throw APIError.nothingHere }
        return indexAsset.response(to: request)
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
        response.headers[.contentSecurityPolicy] = Self.pagePolicy
        return response
    }

    /// `GET /docs/try.js`: the page's script.
    @Sendable func script(_ request: Request, context: some RequestContext) -> Response {
        scriptAsset.response(to: request)
    }

    /// `GET /docs/style.css`: the page's style sheet.
    @Sendable func stylesheet(_ request: Request, context: some RequestContext) -> Response {
        stylesheetAsset.response(to: request)
    }
}

/// Bytes that are constant in a version, with their entity tag.
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

    /// The bytes, or 304 if the client has the current version (RFC 9110, section 13.1.2).
    func response(to request: Request) -> Response {
        let isKnown = request.headers[values: .ifNoneMatch].contains { value in
            value.split(separator: ",").contains { candidate in
                let candidate = candidate.drop { $0 == " " }
                // A proxy that compresses turns the entity tag into a weak one.
                let opaque = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
                return opaque.prefix { $0 != " " } == "\"\(tag)\"" || opaque == "*"
            }
        }
        var response =
            isKnown
            ? Response(status: .notModified)
            : Response(status: .ok, headers: headers, body: .init(byteBuffer: body))
        response.headers[.eTag] = "\"\(tag)\""
        // Cacheable, but revalidated each time, so that a new version is visible at once.
        response.headers[.cacheControl] = "no-cache"
        return response
    }
}
