import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Shared

@testable import AuthAPI

/// A real HTTP server on a free port that acts as Google, Discord and other OpenID providers; tests can change every
/// response.
///
/// It checks what a provider checks (client, redirect URI, PKCE, one use per code) and rejects invalid requests.
final class MockProvider: Sendable {
    /// Its endpoints.
    enum Endpoint: String, CaseIterable, Sendable {
        case discovery = "/.well-known/openid-configuration"
        case keys = "/keys"
        case googleToken = "/token"
        case oidcDiscovery = "/realms/a/.well-known/openid-configuration"
        case oidcKeys = "/realms/a/keys"
        case oidcToken = "/realms/a/token"
        case oidcUserInfo = "/realms/a/userinfo"
        case oidcRevocation = "/realms/a/revoke"
        case discordToken = "/api/oauth2/token"
        case googleRevocation = "/revoke"
        case discordRevocation = "/api/oauth2/token/revoke"
        case discordUser = "/api/v10/users/@me"
        /// Open to everyone.
        case discordGateway = "/api/v10/gateway"
        case githubToken = "/login/oauth/access_token"
        case githubUser = "/api/v3/user"
        case githubEmails = "/api/v3/user/emails"
        case githubGrant = "/api/v3/applications/mock-client/grant"
        /// Open to everyone.
        case githubMeta = "/api/v3/meta"
        /// This path must never be requested.
        case trap = "/trap"

        /// The endpoint at a path; each OpenID provider has its own realm.
        init?(path: String) {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            let isRealm = parts.count > 3 && parts[1] == "realms" && parts[2].count == 1
            self.init(rawValue: isRealm ? "/realms/a/" + parts[3...].joined(separator: "/") : path)
        }
    }

    /// The registration of this site.
    static let clientID = "mock-client"
    static let clientSecret = "mock-$ecret/+%"
    /// The registration with LINE, which signs with the secret.
    static let channelSecret = String(repeating: "channel-", count: 4)

    let port: Int
    /// The user who signs in.
    let user = Locked(MockUser())
    /// The origin of the OpenID providers for browsers, if it is not the server's.
    let publicOrigin = Locked<String?>(nil)
    let state: MockState
    private let now: @Sendable () -> Date
    private let scheme: String
    private let responseChanges = Locked<[Endpoint: @Sendable (inout MockResponse) -> Void]>([:])
    private let tokenChange = Locked<(@Sendable (inout MockToken) -> Void)?>(nil)
    private let received = Locked<[Received]>([])
    private let watchers = Locked<[Endpoint: [AsyncStream<Void>.Continuation]]>([:])
    /// Opens at the end of the test, and by ``release()``.
    private let latch = MockLatch()

    /// The received requests.
    struct Received: Sendable {
        let endpoint: Endpoint?
        let path: String
        let method: HTTPRequest.Method
        let headers: HTTPFields
        let body: String
    }

    private init(port: Int, scheme: String, now: @escaping @Sendable () -> Date) {
        self.port = port
        self.scheme = scheme
        self.now = now
        state = MockState()
    }

    /// Runs `body` with a provider that ends with it; its clock should be the API's.
    static func with<Value: Sendable>(
        now: @escaping @Sendable () -> Date = { Date.now },
        tls: TLSConfiguration? = nil,
        _ body: @Sendable (MockProvider) async throws -> Value
    ) async throws -> Value {
        let (channels, continuation) = AsyncStream<any Channel>.makeStream()
        let current = Locked<MockProvider?>(nil)
        let server = Application(
            responder: CallbackResponder<MockContext> { request, context in
                guard let provider = current.value else { return Response(status: .serviceUnavailable) }
                return try await provider.respond(to: request, context)
            },
            server: try tls.map { try .tls(.http1(), tlsConfiguration: $0) } ?? .http1(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield(channel)
                continuation.finish()
            },
            logger: Logger(label: "mock-provider") { _ in SwiftLogNoOpLogHandler() }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)],
                logger: Logger(label: "mock-provider") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            guard let port = await channels.first(where: { _ in true })?.localAddress?.port else {
                throw MockFault("the mock provider did not start")
            }
            let provider = MockProvider(port: port, scheme: tls == nil ? "http" : "https", now: now)
            current.update { $0 = provider }
            let result: Result<Value, any Error>
            do { result = .success(try await body(provider)) } catch { result = .failure(error) }
            provider.release()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// Its URL: Google's issuer and the base of Discord's paths.
    var address: String { "\(scheme)://127.0.0.1:\(port)" }

    /// The settings that make this one GitHub, too.
    var githubEnvironment: [String: String] {
        [
            "GITHUB_CLIENT_ID": Self.clientID, "GITHUB_CLIENT_SECRET": Self.clientSecret, "GITHUB_URL": address,
        ]
    }

    /// Changes the responses of an endpoint from now on; nil restores them.
    func change(_ endpoint: Endpoint, _ change: (@Sendable (inout MockResponse) -> Void)?) {
        responseChanges.update { $0[endpoint] = change }
    }

    /// Changes the ID tokens from now on; nil restores them.
    func changeIDToken(_ change: (@Sendable (inout MockToken) -> Void)?) {
        tokenChange.update { $0 = change }
    }

    /// All requests so far.
    var requests: [Received] { received.value }

    /// The number of requests to an endpoint.
    func count(_ endpoint: Endpoint) -> Int { received.value.count { $0.endpoint == endpoint } }

    /// Returns once an endpoint has been requested; throws when the task is cancelled.
    func waitForRequest(to endpoint: Endpoint) async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        watchers.update { $0[endpoint, default: []].append(continuation) }
        if count(endpoint) > 0 { continuation.finish() }
        for await _ in stream {}
        try Task.checkCancellation()
    }

    /// Releases every held response.
    func release() { latch.open() }

    private func respond(to request: Request, _ context: MockContext) async throws -> Response {
        var request = request
        let path = request.uri.path
        let endpoint = Endpoint(path: path)
        let body = String(buffer: try await request.collectBody(upTo: 1 << 20))
        received.update {
            $0.append(
                Received(endpoint: endpoint, path: path, method: request.method, headers: request.headers, body: body)
            )
        }
        guard let endpoint else { return Response(status: .notFound) }
        for watcher in watchers.value[endpoint] ?? [] { watcher.finish() }
        var response = self.response(endpoint, of: Self.provider(at: path), headers: request.headers, body: body)
        responseChanges.value[endpoint]?(&response)
        return try await response.response(latch: latch, channel: context.channel)
    }

    private func response(
        _ endpoint: Endpoint,
        of provider: OAuthProvider,
        headers: HTTPFields,
        body: String
    ) -> MockResponse {
        switch endpoint {
        case .discovery, .oidcDiscovery: discoveryResponse(provider)
        case .keys, .oidcKeys: MockResponse(["keys": [MockToken.publicKey, MockToken.publicKey(for: .es256)]])
        case .googleToken, .oidcToken: tokenResponse(provider, headers: headers, body: body)
        case .discordToken: tokenResponse(.discord, headers: headers, body: body)
        case .googleRevocation, .oidcRevocation, .discordRevocation: revocationResponse(headers: headers, body: body)
        case .oidcUserInfo: userResponse(headers: headers, \.userInfo)
        case .discordUser: userResponse(headers: headers, \.discordUser)
        case .discordGateway: MockResponse(["url": "wss://gateway.discord.gg"])
        case .githubToken: githubTokenResponse(headers: headers, body: body)
        case .githubUser, .githubEmails: githubResponse(endpoint, headers: headers)
        case .githubGrant: state.revokeGrant(body: body, authorization: headers[.authorization])
        case .githubMeta: MockResponse(["verifiable_password_authentication": true])
        case .trap: MockResponse(["issuer": address])
        }
    }

    private func discoveryResponse(_ provider: OAuthProvider) -> MockResponse {
        let issuer = issuer(of: provider)
        return MockResponse([
            "issuer": issuer, "authorization_endpoint": "\(issuer)/authorize", "token_endpoint": "\(issuer)/token",
            "jwks_uri": "\(issuer)/keys", "revocation_endpoint": "\(issuer)/revoke",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": true,
        ]).edited { body in
            if provider != .google { body["userinfo_endpoint"] = "\(issuer)/userinfo" }
            // Like LINE's: no client authentication methods, and ES256.
            guard provider == .line else { return }
            body["token_endpoint_auth_methods_supported"] = nil
            body["id_token_signing_alg_values_supported"] = ["ES256"]
            body["authorization_response_iss_parameter_supported"] = nil
        }
    }

    private func tokenResponse(_ provider: OAuthProvider, headers: HTTPFields, body: String) -> MockResponse {
        let grant: MockState.Grant
        switch state.redeem(body: body, authorization: headers[.authorization], at: provider) {
        case .failure(let rejection): return MockResponse(["error": rejection.code], status: rejection.status)
        case .success(let redeemed): grant = redeemed
        }
        let accessToken = state.issueAccessToken(for: grant.user)
        var object: [String: Any] = [
            "access_token": accessToken, "token_type": "Bearer", "expires_in": 3600, "scope": grant.scope,
        ]
        if provider != .discord {
            var token = MockToken(
                claims: grant.user.claims(
                    issuer: issuer(of: provider),
                    nonce: grant.nonce ?? "",
                    at: now(),
                    isFresh: grant.isFresh
                ),
                accessToken: accessToken
            )
            if provider == .line {
                token.header = ["alg": "HS256", "typ": "JWT"]
                token.claims["email_verified"] = nil
                token.signing = .hmac(Data(Self.channelSecret.utf8))
            }
            tokenChange.value?(&token)
            object["id_token"] = token.text
        } else {
            object["refresh_token"] = "refresh-\(UUID().uuidString)"
        }
        return MockResponse(object)
    }

    /// An empty page (RFC 7009, section 2.2).
    private func revocationResponse(headers: HTTPFields, body: String) -> MockResponse {
        switch state.revoke(body: body, authorization: headers[.authorization]) {
        case .failure(let rejection): return MockResponse(["error": rejection.code], status: rejection.status)
        case .success:
            var response = MockResponse([:])
            response.headers[.contentType] = "text/html"
            response.body = ""
            return response
        }
    }

    private func userResponse(headers: HTTPFields, _ body: (MockUser) -> [String: Any]) -> MockResponse {
        guard let user = state.user(authorization: headers[.authorization]) else {
            return MockResponse(["message": "401: Unauthorized", "code": 0], status: 401)
        }
        return MockResponse(body(user))
    }
}

/// A failure of the mock, or an invalid request.
struct MockFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
