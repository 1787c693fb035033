import HTTPTypes
import Hummingbird
import Shared

/// Determines language and content coding of responses, and stores the visitor's choice of language.
struct LanguageChoice: RouterMiddleware {
    typealias Context = PageContext

    /// The lifetime of the cookie in seconds: a year.
    static let lifetime = 31_536_000

    /// The names and attributes of this site's cookies.
    let cookies: SiteCookies
    /// The timeout for the body of a form.
    let bodyDeadline: Duration

    /// The cookie that stores a choice.
    static func cookie(_ language: SiteLanguage, _ cookies: SiteCookies) -> String {
        cookies.storing(SiteLanguage.cookieName, language.tag, maxAge: lifetime)
    }

    func handle(
        _ request: Request,
        context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.language = SiteLanguage(for: request)
        context.cookies = cookies
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
        return .seeOther((form.returnTo ?? .home).value, cookies: [Self.cookie(language, cookies)])
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
        let cookie = LanguageChoice.cookie(language, context.cookies)
        response.headers.append(HTTPField(name: .setCookie, value: cookie))
        return response
    }
}
