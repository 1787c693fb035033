import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Determines language and content coding of responses, and stores the visitor's choice of language.
struct LanguageChoice: RouterMiddleware {
    typealias Context = PageContext

    /// The lifetime of the cookie in seconds: a year.
    static let lifetime = 31_536_000

    /// Whether browsers reach the site over TLS.
    let secure: Bool
    /// The timeout for the body of a form.
    let bodyDeadline: Duration

    /// The cookie that stores a choice.
    static func cookie(_ language: SiteLanguage, isSecure: Bool) -> HTTPField {
        let cookie = "\(SiteLanguage.cookieName)=\(language.tag); Path=/; Max-Age=\(lifetime); HttpOnly; SameSite=Lax"
        return HTTPField(name: .setCookie, value: isSecure ? "\(cookie); Secure" : cookie)
    }

    func handle(
        _ request: Request,
        context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.language = SiteLanguage(for: request)
        context.isSecure = secure
        context.takesGzip = Gzip.isAccepted(in: request.headers[values: .acceptEncoding])
        let address = request.headers[.originalURI] ?? request.uri.string
        if request.method == .get || request.method == .head, let requestedPath = ReturnPath(address) {
            context.requestedPath = requestedPath
        }
        return try await next(request, context)
    }

    /// Stores the choice in a cookie and redirects to the page.
    ///
    /// - Throws: ``APIError`` with `malformed_request` for an unsupported language.
    @Sendable func choose(_ request: Request, _ context: PageContext) async throws -> Response {
        let form = try await Form(body: request, within: bodyDeadline)
        guard let language = form.language else {
            throw APIError(.malformedRequest, detail: "This language is not supported.")
        }
        return .seeOther(
            (form.returnTo ?? .home).value,
            cookies: [Self.cookie(language, isSecure: secure).value]
        )
    }
}

extension PageRenderer {
    /// Shows a form again in the language of the pressed button, with the typed values.
    func redrawn(
        _ view: some PageView,
        for visitor: Visitor = .anonymous,
        in language: SiteLanguage,
        _ context: PageContext
    ) throws -> Response {
        var context = context
        context.language = language
        var response = try response(view, visitor: visitor, in: context)
        response.headers.append(LanguageChoice.cookie(language, isSecure: context.isSecure))
        return response
    }
}
