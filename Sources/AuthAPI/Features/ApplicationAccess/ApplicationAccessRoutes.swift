import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Handlers by which a reverse proxy finds out whether a request may reach the application, and who it is from.
struct ApplicationAccessRoutes: Sendable {
    private let service: ApplicationAccessService
    private let cookie: SessionCookie
    private let foreign: ForeignCookies
    private let publicURL: WebOrigin
    /// Whether other proxies than this system's nginx may ask.
    private let forwardAuth: Bool
    /// The public keys of assertions as JSON; nil when none are signed.
    private let keys: ByteBuffer?
    private let metrics: AccessMetrics

    /// Makes the handlers.
    ///
    /// - Throws: when no key for assertions can be derived.
    init(
        _ settings: APISettings,
        sessions: SessionService,
        cookie: SessionCookie,
        metrics: APIMetrics,
        now: @escaping @Sendable () -> Date
    ) async throws {
        let access = settings.access
        publicURL = settings.common.publicURL
        var assertions: AssertionIssuer?
        if access.signsAssertions {
            assertions = try await AssertionIssuer(
                key: settings.secretKey,
                previousKey: settings.secretKeyPrevious,
                issuer: publicURL,
                path: access.application?.path ?? "/"
            )
        }
        service = ApplicationAccessService(
            sessions: sessions,
            policy: access.policy,
            assertions: assertions,
            now: now
        )
        self.cookie = cookie
        foreign = ForeignCookies(SiteCookies(publicURL: publicURL))
        forwardAuth = access.forwardAuth
        keys = try assertions.map { ByteBuffer(bytes: try JSONEncoder().encode($0.keySet)) }
        self.metrics = AccessMetrics(metrics.registry)
    }

    /// `GET /api/auth/check`: 204 with the identity, 401 without a session, 403 if the user may not use the application.
    ///
    /// For this system's nginx only, which does not publish it. It never redirects, sets no cookie, and reads nothing of
    /// the request but its cookies: `Authorization` belongs to the application.
    @Sendable func check(_ request: Request, context: APIRequestContext) async throws -> Response {
        switch try await verdict(on: request) {
        case .admitted(let fields): Response(status: .noContent, headers: fields)
        case .signedOut: Response(status: .unauthorized)
        case .refused: Response(status: .forbidden)
        }
    }

    /// `GET /api/auth/verify`: the same for the forward authentication of other proxies.
    ///
    /// When the request opens a page, the `Location` of the 401 says where to sign in. Browsers do not follow it, so the
    /// proxy turns it into a redirect; a proxy that cannot do that asks with `?redirect=true`.
    @Sendable func verify(_ request: Request, context: APIRequestContext) async throws -> Response {
        guard forwardAuth else { throw APIError(.notFound, detail: "There is nothing at this path.") }
        switch try await verdict(on: request) {
        case .admitted(var fields):
            // For proxies that cannot rename a header.
            if let cookies = fields[.applicationCookie], !cookies.isEmpty { fields[.cookie] = cookies }
            return Response(status: .noContent, headers: fields)
        case .refused: throw APIError(.accessDenied, detail: "Your account may not use this application.")
        case .signedOut:
            let asked = ForwardedRequest(request)
            guard asked.isNavigation else { throw APIError(.unauthenticated) }
            let headers: HTTPFields = [.location: "\(publicURL)\(asked.signInPath)"]
            if asked.wantsRedirect { return Response(status: .seeOther, headers: headers) }
            throw ErrorWithHeaders(APIError(.unauthenticated), headers: headers)
        }
    }

    /// `GET /.well-known/jwks.json`: the public keys of assertions (RFC 7517, section 5).
    @Sendable func keySet(_ request: Request, context: APIRequestContext) throws -> Response {
        guard let keys else { throw APIError(.notFound, detail: "There is nothing at this path.") }
        let headers: HTTPFields = [
            .contentType: "application/jwk-set+json", .contentLength: "\(keys.readableBytes)",
            // Verifiers ask again when they see an unknown key.
            .cacheControl: "public, max-age=300",
        ]
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: keys))
    }

    private func verdict(on request: Request) async throws -> ApplicationAccessService.Verdict {
        try await metrics.check {
            let verdict = try await service.verdict(on: cookie.cookieToken(of: request))
            guard case .admitted(var fields) = verdict else { return verdict }
            // Not `Cookie`, which the HTTP library would send as one field for each cookie.
            fields[.applicationCookie] = foreign.header(of: request)
            return .admitted(fields)
        }
    }
}
