import HTTPTypes
import Hummingbird
import Shared

/// Adds security headers to every response, including errors.
///
/// OWASP "HTTP Security Response Headers Cheat Sheet". Scripts, styles and images come from this site only, except
/// users' pictures from a provider; nothing inline, no frames, and forms are sent to this site only.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = PageContext

    /// The hosts of users' pictures at the providers.
    static let pictureHosts = ["lh3.googleusercontent.com", "cdn.discordapp.com", "avatars.githubusercontent.com"]

    private let headers: [(name: HTTPField.Name, value: String)]

    /// Creates the middleware.
    ///
    /// - Parameters:
    ///   - secure: whether browsers reach the site over TLS; adds HSTS.
    ///   - application: the origin of the application, if it has its own host: forms that sign in end there, and browsers
    ///     apply `form-action` to redirects, too.
    init(secure: Bool, application: WebOrigin? = nil) {
        let targets = application.map { "'self' \($0)" } ?? "'self'"
        let pictures = Self.pictureHosts.map { "https://\($0)" }.joined(separator: " ")
        var headers: [(name: HTTPField.Name, value: String)] = [
            (
                .contentSecurityPolicy,
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' \(pictures); "
                    + "form-action \(targets); frame-ancestors 'none'; base-uri 'none'"
            ),
            (.xContentTypeOptions, "nosniff"),
            (.init(validated: "X-Frame-Options"), "DENY"),
            // Not "no-referrer", with which browsers send "Origin: null" with forms.
            (.init(validated: "Referrer-Policy"), "same-origin"),
            (
                .init(validated: "Permissions-Policy"),
                "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
            ),
            (.init(validated: "Cross-Origin-Opener-Policy"), "same-origin"),
            (.init(validated: "Cross-Origin-Resource-Policy"), "same-origin"),
        ]
        if secure { headers.append((.strictTransportSecurity, "max-age=31536000")) }
        self.headers = headers
    }

    /// Adds the headers to a response.
    func complete(_ fields: inout HTTPFields) {
        // A page may be stricter.
        for (name, value) in headers where fields[name] == nil { fields[name] = value }
        // Pages depend on the signed-in user; cacheable responses set their own value.
        if fields[.cacheControl] == nil { fields[.cacheControl] = "no-store" }
    }

    func handle(
        _ request: Request,
        context: PageContext,
        next: (Request, PageContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        complete(&response.headers)
        return request.method == .head ? response.createHeadResponse() : response
    }
}
