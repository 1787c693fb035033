import HTTPTypes
import Hummingbird
import Shared

/// Puts the headers that tell browsers what a page may do on every answer, errors included.
///
/// OWASP "HTTP Security Response Headers Cheat Sheet". Scripts, styles and pictures come from this site only, except
/// the pictures of people who came through a provider; nothing inline, no frames, forms go to this site alone.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = PageContext

    /// The hosts from which providers serve pictures of people.
    static let pictureHosts = ["lh3.googleusercontent.com", "cdn.discordapp.com"]

    private let headers: [(name: HTTPField.Name, value: String)]

    /// Makes the middleware.
    ///
    /// - Parameter secure: whether browsers reach the site through TLS, which they are then told to insist on.
    init(secure: Bool) {
        let pictures = Self.pictureHosts.map { "https://\($0)" }.joined(separator: " ")
        var headers: [(name: HTTPField.Name, value: String)] = [
            (
                .contentSecurityPolicy,
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' \(pictures); "
                    + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
            (.xContentTypeOptions, "nosniff"),
            (.init(validated: "X-Frame-Options"), "DENY"),
            // Not "no-referrer": with that, browsers send "Origin: null" with forms.
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

    /// Puts the headers on an answer.
    func complete(_ fields: inout HTTPFields) {
        // A page may be stricter.
        for (name, value) in headers where fields[name] == nil { fields[name] = value }
        // Pages depend on who is signed in; what may be kept says so itself.
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
