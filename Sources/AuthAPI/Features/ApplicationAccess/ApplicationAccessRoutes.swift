import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import PostgresClient
import Shared

/// Handlers with which a reverse proxy checks whether a request may reach the application, and gets its user.
struct ApplicationAccessRoutes: Sendable {
    private let service: ApplicationAccessService
    private let authenticator: Authenticator
    /// The application's own host; nil when it is on this one.
    private let host: ApplicationHost?
    private let foreign: ForeignCookies
    private let publicURL: WebOrigin
    /// Whether reverse proxies other than this system's nginx may check requests.
    private let forwardAuth: Bool
    /// The public keys of assertions as JSON; nil when assertions are off.
    private let keys: ByteBuffer?
    private let metrics: AccessMetrics

    /// Creates the handlers.
    ///
    /// - Throws: when no key for assertions can be derived.
    init(
        _ settings: APISettings,
        authenticator: Authenticator,
        host: ApplicationHost?,
        metrics: APIMetrics,
        postgres: PostgresPool,
        now: @escaping @Sendable () -> Date
    ) async throws {
        let access = settings.access
        publicURL = settings.common.publicURL
        var assertions: AssertionIssuer?
        if access.signsAssertions {
            assertions = try await AssertionIssuer(
                settings.secretKeys,
                issuer: publicURL,
                audience: "\(host?.url ?? publicURL)\(access.application?.path ?? "/")"
            )
        }
        self.authenticator = authenticator
        self.host = host
        service = ApplicationAccessService(
            policy: access.policy,
            rejections: AccessRejections(postgres: postgres),
            assertions: assertions,
            now: now
        )
        foreign = ForeignCookies(SiteCookies(publicURL: publicURL))
        forwardAuth = access.forwardAuth
        keys = try assertions.map { ByteBuffer(bytes: try JSONEncoder().encode($0.keySet)) }
        self.metrics = AccessMetrics(metrics.registry)
    }

    /// `GET /api/auth/check`: 204 with the user in headers, 401 without a session, 403 if the user may not use the
    /// application.
    ///
    /// For this system's nginx only, which does not publish it. It never redirects, sets no cookie, and identifies the
    /// user by the request's cookies only: `Authorization` belongs to the application. On the application's own host, only
    /// the cookie of that host counts.
    @Sendable func check(_ request: Request, context: APIRequestContext) async throws -> Response {
        let verdict = try await verdict(on: request, context) {
            guard let host else { return try await authenticator.cookieUser(of: request) }
            guard let session = host.session(of: request) else { return nil }
            return try await authenticator.sessions.signedIn(withHash: session)
        }
        switch verdict {
        case .admitted(let fields): return Response(status: .noContent, headers: fields)
        case .signedOut: return Response(status: .unauthorized)
        case .rejected: return Response(status: .forbidden)
        }
    }

    /// `GET /api/auth/verify`: the same for the forward authentication of other proxies.
    ///
    /// If the request opens a page, the `Location` of the 401 is the sign-in page. Browsers do not follow it, so the
    /// proxy turns it into a redirect; a proxy that cannot do that uses `?redirect=true`.
    @Sendable func verify(_ request: Request, context: APIRequestContext) async throws -> Response {
        guard forwardAuth else { throw APIError.nothingHere }
        switch try await verdict(on: request, context, of: { try await authenticator.cookieUser(of: request) }) {
        case .admitted(var fields):
            // For proxies that cannot rename a header.
            if let cookies = fields[.applicationCookie], !cookies.isEmpty { fields[.cookie] = cookies }
            return Response(status: .noContent, headers: fields)
        case .rejected: throw APIError(.accessDenied, detail: "Your account may not use this application.")
        case .signedOut:
            let forwarded = ForwardedRequest(request)
            guard forwarded.isNavigation else { throw APIError(.unauthenticated) }
            let headers: HTTPFields = [.location: "\(publicURL)\(forwarded.signInPath)"]
            if forwarded.wantsRedirect { return Response(status: .seeOther, headers: headers) }
            throw ErrorWithHeaders(APIError(.unauthenticated), headers: headers)
        }
    }

    /// `GET /.well-known/jwks.json`: the public keys of assertions (RFC 7517, section 5).
    @Sendable func keySet(_ request: Request, context: APIRequestContext) throws -> Response {
        guard let keys else { throw APIError.nothingHere }
        let headers: HTTPFields = [
            .contentType: "application/jwk-set+json", .contentLength: "\(keys.readableBytes)",
            // Verifiers fetch the keys again when they see an unknown one.
            .cacheControl: "public, max-age=300",
        ]
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: keys))
    }

    private func verdict(
        on request: Request,
        _ context: APIRequestContext,
        of signedIn: () async throws -> SignedIn?
    ) async throws -> ApplicationAccessService.Verdict {
        try await metrics.check {
            let verdict = try await service.verdict(
                on: try await signedIn(),
                from: RequestTrace(request, context: context)
            )
            guard case .admitted(var fields) = verdict else { return verdict }
            // Not `Cookie`, which the HTTP library would send as one field for each cookie.
            fields[.applicationCookie] = foreign.header(of: request)
            return .admitted(fields)
        }
    }
}
