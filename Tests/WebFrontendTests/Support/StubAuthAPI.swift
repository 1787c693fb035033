import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Shared
import Synchronization

@testable import WebFrontend

/// A real HTTP server on a free port that responds like the authentication API, or as the test requires.
final class StubAuthAPI: Sendable {
    /// A request of the frontend.
    struct Received: Sendable {
        let method: HTTPRequest.Method
        let path: String
        let headers: HTTPFields
        let body: String

        /// The JSON body as an object of strings.
        var fields: [String: String] {
            (try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))) ?? [:]
        }

        /// Whether the request has a cookie, with name and value.
        func has(_ cookie: String) -> Bool { headers[values: .cookie].contains { $0.contains(cookie) } }
    }

    /// The cookie of the stub's live session.
    static let cookie = "access_token=live"
    /// The cookie that the stub sets on sign-in, with attributes.
    static let setCookie = "access_token=live; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800"
    /// The cookie that the stub sets on sign-out.
    static let clearedCookie = "access_token=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
    /// The stub's user.
    static let user = UserBody(
        id: "01890a5d-ac96-774b-bcce-b302099a8057",
        email: "ada@example.com",
        name: "Ada Lovelace",
        avatarURL: nil
    )

    /// The cookie of the stub's pending link.
    static let pendingLinkCookie = "oauth_connect=waiting"
    /// The cookie that the stub sets when the link is completed.
    static let clearedPendingLinkCookie = "oauth_connect=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
    /// The stub's pending link.
    static let pendingLink = PendingLinkBody(provider: .google, email: "ada@example.com")

    /// The cookie of the stub's provider account that needs an address.
    static let pendingAddressCookie = "oauth_address=waiting"
    /// The cookie that the stub sets when the account is created.
    static let clearedPendingAddressCookie = "oauth_address=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
    /// The stub's provider account that needs an address.
    static let pendingAddress = PendingAddressBody(provider: .discord, name: "<Ada>", email: "ada@example.com")

    typealias Handler = @Sendable (Received) async throws -> Response

    private let received = Mutex<[Received]>([])
    private let handlers: [String: Handler]

    /// Creates a stub; `handlers` replace its responses by method and path, for example `POST /api/auth/login`.
    init(_ handlers: [String: Handler] = [:]) {
        self.handlers = Self.standard.merging(handlers) { _, own in own }
    }

    private let offered = Mutex(Providers.none)

    /// All requests of the frontend so far, except for the list of providers, which is requested at intervals.
    var requests: [Received] { received.withLock { $0.filter { $0.path != APIPath.providers } } }

    /// The number of requests for the list of providers.
    var listRequests: Int { received.withLock { $0.count { $0.path == APIPath.providers } } }

    /// Sets up providers.
    func offer(_ providers: Providers) { offered.withLock { $0 = providers } }

    /// The server, not yet running.
    func responder() -> CallbackResponder<BasicRequestContext> {
        CallbackResponder { [self] request, _ in
            var request = request
            let body = try await request.collectBody(upTo: 1 << 20)
            let entry = Received(
                method: request.method,
                path: request.uri.string,
                headers: request.headers,
                body: String(buffer: body)
            )
            received.withLock { $0.append(entry) }
            guard let handler = handlers["\(entry.method.rawValue) \(entry.path)"] else {
                guard entry.path == APIPath.providers else { return Self.problem(.notFound) }
                return try Self.json(ProviderListBody(providers: offered.withLock { $0.all }))
            }
            return try await handler(entry)
        }
    }

    /// A JSON response.
    static func json(
        _ body: some Encodable,
        status: HTTPResponse.Status = .ok,
        cookies: [String] = []
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        var response = Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(body)))
        )
        for cookie in cookies { response.headers.append(HTTPField(name: .setCookie, value: cookie)) }
        return response
    }

    /// A problem document.
    static func problem(_ code: APIErrorCode, fields: [FieldError] = [], retryAfter: Int? = nil) -> Response {
        let problem = Problem(APIError(code, fields: fields), requestID: "stub")
        let body = (try? JSONEncoder().encode(problem)) ?? Data()
        var headers: HTTPFields = [.contentType: Problem.mediaType]
        if let retryAfter { headers[.retryAfter] = String(retryAfter) }
        return Response(
            status: .init(code: code.status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// Responds only to requests with the live cookie.
    static func signedIn(_ handler: @escaping Handler) -> Handler {
        { request in
            guard request.has(cookie) else { return problem(.unauthenticated) }
            return try await handler(request)
        }
    }

    private static let standard: [String: Handler] = [
        "POST /api/auth/login": { request in
            let isLinking = request.fields["connect"] == pendingLink.provider.rawValue
            guard request.fields["connect"] == nil || isLinking && request.has(pendingLinkCookie) else {
                return problem(.noPendingLink)
            }
            guard request.fields["password"] == "Correct-Horse-7" else { return problem(.invalidCredentials) }
            return try json(user, cookies: isLinking ? [setCookie, clearedPendingLinkCookie] : [setCookie])
        },
        "GET /api/auth/connect": { request in
            request.has(pendingLinkCookie) ? try json(pendingLink) : problem(.noPendingLink)
        },
        "GET /api/auth/address": { request in
            request.has(pendingAddressCookie) ? try json(pendingAddress) : problem(.noPendingLink)
        },
        "POST /api/auth/address": { request in
            guard request.has(pendingAddressCookie) else { return problem(.noPendingLink) }
            let name = pendingAddress.name ?? ""
            let created = UserBody(id: user.id, email: request.fields["email"] ?? "", name: name, avatarURL: nil)
            return try json(created, status: .created, cookies: [setCookie, clearedPendingAddressCookie])
        },
        "POST /api/auth/register": { request in
            let name = request.fields["name"] ?? ""
            let created = UserBody(id: user.id, email: request.fields["email"] ?? "", name: name, avatarURL: nil)
            return try json(created, status: .created, cookies: [setCookie])
        },
        "POST /api/auth/logout": { _ in
            Response(status: .noContent, headers: [.setCookie: clearedCookie])
        },
        "GET /api/auth/me": signedIn { _ in try json(user) },
        "GET /api/auth/sessions": signedIn { _ in try json(SessionListBody(sessions: Sessions.all)) },
        "GET /api/auth/confirmation": signedIn { _ in try json(Confirmations.password) },
        "GET /api/auth/identities": signedIn { _ in try json(Identities.both) },
        "DELETE /api/auth/identities/\(Identities.google.id)": signedIn { _ in Response(status: .noContent) },
        "DELETE /api/auth/identities/\(Identities.gone)": signedIn { _ in problem(.identityNotFound) },
        "DELETE /api/auth/sessions": signedIn { _ in try json(EndedSessionsBody(ended: 1)) },
        "DELETE /api/auth/sessions/\(Sessions.other.id)": signedIn { _ in Response(status: .noContent) },
        "DELETE /api/auth/sessions/\(Sessions.gone)": signedIn { _ in problem(.sessionNotFound) },
        "GET /health/ready": { _ in try json(["status": "ok"]) },
    ]
}

/// The stub's sessions.
enum Sessions {
    static let current = SessionBody(
        id: "01890a5d-ac96-774b-bcce-b302099a8001",
        createdAt: Date(timeIntervalSince1970: 1_795_420_680),
        expiresAt: Date(timeIntervalSince1970: 1_796_025_480),
        current: true,
        userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ipAddress: "192.0.2.7"
    )
    static let other = SessionBody(
        id: "01890a5d-ac96-774b-bcce-b302099a8002",
        createdAt: Date(timeIntervalSince1970: 1_795_334_280),
        expiresAt: Date(timeIntervalSince1970: 1_795_939_080),
        current: false,
        userAgent: nil,
        ipAddress: nil
    )
    static let all = [other, current]
    static let gone = "01890a5d-ac96-774b-bcce-b302099a8003"
}
