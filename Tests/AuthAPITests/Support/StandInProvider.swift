import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Shared

@testable import AuthAPI

/// A real HTTP server on a free port that is Google and Discord at once, or worse: whatever it answers can be changed.
///
/// It checks what a provider checks (client, redirect address, PKCE, a code only once) and refuses what does not fit.
final class StandInProvider: Sendable {
    /// What can be asked of it.
    enum Endpoint: String, CaseIterable, Sendable {
        case discovery = "/.well-known/openid-configuration"
        case keys = "/keys"
        case googleToken = "/token"
        case discordToken = "/api/oauth2/token"
        case googleRevocation = "/revoke"
        case discordRevocation = "/api/oauth2/token/revoke"
        case discordUser = "/api/v10/users/@me"
        /// Open to everybody.
        case discordGateway = "/api/v10/gateway"
        /// Nobody should ever ask for it.
        case trap = "/trap"
    }

    /// How this site is registered with it.
    static let clientID = "stand-in-client"
    static let clientSecret = "stand-in-$ecret/+%"

    let port: Int
    /// Who signs in.
    let person = Locked(StandInPerson())
    let state: StandInState
    private let now: @Sendable () -> Date
    private let answerChanges = Locked<[Endpoint: @Sendable (inout StandInAnswer) -> Void]>([:])
    private let tokenChange = Locked<(@Sendable (inout StandInToken) -> Void)?>(nil)
    private let received = Locked<[Received]>([])
    private let watchers = Locked<[Endpoint: [AsyncStream<Void>.Continuation]]>([:])
    /// Opened at the end of the test, and by ``release()``.
    private let latch = StandInLatch()

    /// What was asked.
    struct Received: Sendable {
        let endpoint: Endpoint?
        let path: String
        let headers: HTTPFields
        let body: String
    }

    private init(port: Int, now: @escaping @Sendable () -> Date) {
        self.port = port
        self.now = now
        state = StandInState()
    }

    /// Runs `body` beside a provider that ends with it; its clock should be the API's.
    static func with<Value: Sendable>(
        now: @escaping @Sendable () -> Date = { Date.now },
        _ body: @Sendable (StandInProvider) async throws -> Value
    ) async throws -> Value {
        let (channels, continuation) = AsyncStream<any Channel>.makeStream()
        let current = Locked<StandInProvider?>(nil)
        let server = Application(
            responder: CallbackResponder<StandInContext> { request, context in
                guard let provider = current.value else { return Response(status: .serviceUnavailable) }
                return try await provider.respond(to: request, context)
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield(channel)
                continuation.finish()
            },
            logger: Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() }
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: server)],
                logger: Logger(label: "stand-in") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            guard let port = await channels.first(where: { _ in true })?.localAddress?.port else {
                throw StandInFault("the stand-in provider did not start")
            }
            let provider = StandInProvider(port: port, now: now)
            current.update { $0 = provider }
            let result: Result<Value, any Error>
            do { result = .success(try await body(provider)) } catch { result = .failure(error) }
            provider.release()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// Its address: Google's issuer and what Discord's paths start with.
    var address: String { "http://127.0.0.1:\(port)" }

    /// Settings with which both providers are this one.
    var environment: [String: String] {
        [
            "GOOGLE_CLIENT_ID": Self.clientID, "GOOGLE_CLIENT_SECRET": Self.clientSecret, "GOOGLE_ISSUER": address,
            "DISCORD_CLIENT_ID": Self.clientID, "DISCORD_CLIENT_SECRET": Self.clientSecret,
            "DISCORD_BASE_URL": address,
        ]
    }

    /// Changes what an endpoint answers from now on; nil: it behaves again.
    func change(_ endpoint: Endpoint, _ change: (@Sendable (inout StandInAnswer) -> Void)?) {
        answerChanges.update { $0[endpoint] = change }
    }

    /// Changes the ID tokens from now on; nil: they are good again.
    func changeIDToken(_ change: (@Sendable (inout StandInToken) -> Void)?) {
        tokenChange.update { $0 = change }
    }

    /// Everything that was asked so far.
    var requests: [Received] { received.value }

    /// How often an endpoint was asked.
    func count(_ endpoint: Endpoint) -> Int { received.value.count { $0.endpoint == endpoint } }

    /// Returns once an endpoint has been asked, or when the task is cancelled, then with an error.
    func asked(for endpoint: Endpoint) async throws {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        watchers.update { $0[endpoint, default: []].append(continuation) }
        if count(endpoint) > 0 { continuation.finish() }
        for await _ in stream {}
        try Task.checkCancellation()
    }

    /// Lets every held answer go.
    func release() { latch.open() }

    private func respond(to request: Request, _ context: StandInContext) async throws -> Response {
        var request = request
        let path = request.uri.path
        let endpoint = Endpoint(rawValue: path)
        let body = String(buffer: try await request.collectBody(upTo: 1 << 20))
        received.update {
            $0.append(Received(endpoint: endpoint, path: path, headers: request.headers, body: body))
        }
        guard let endpoint else { return Response(status: .notFound) }
        for watcher in watchers.value[endpoint] ?? [] { watcher.finish() }
        var answer = self.answer(endpoint, headers: request.headers, body: body)
        answerChanges.value[endpoint]?(&answer)
        return try await answer.response(latch: latch, channel: context.channel)
    }

    private func answer(_ endpoint: Endpoint, headers: HTTPFields, body: String) -> StandInAnswer {
        switch endpoint {
        case .discovery:
            StandInAnswer([
                "issuer": address, "authorization_endpoint": "\(address)/authorize",
                "token_endpoint": address + Endpoint.googleToken.rawValue, "jwks_uri": address + Endpoint.keys.rawValue,
                "revocation_endpoint": address + Endpoint.googleRevocation.rawValue,
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["RS256"],
                "authorization_response_iss_parameter_supported": true,
            ])
        case .keys: StandInAnswer(["keys": [StandInToken.publicKey, StandInToken.publicCurveKey]])
        case .googleToken: tokenAnswer(.google, headers: headers, body: body)
        case .discordToken: tokenAnswer(.discord, headers: headers, body: body)
        case .googleRevocation, .discordRevocation: revocationAnswer(headers: headers, body: body)
        case .discordUser: userAnswer(headers: headers)
        case .discordGateway: StandInAnswer(["url": "wss://gateway.discord.gg"])
        case .trap: StandInAnswer(["issuer": address])
        }
    }

    private func tokenAnswer(_ provider: OAuthProvider, headers: HTTPFields, body: String) -> StandInAnswer {
        let grant: StandInState.Grant
        switch state.redeem(body: body, authorization: headers[.authorization], at: provider) {
        case .failure(let refusal): return StandInAnswer(["error": refusal.code], status: refusal.status)
        case .success(let redeemed): grant = redeemed
        }
        let accessToken = state.issueAccessToken(for: grant.person)
        var object: [String: Any] = [
            "access_token": accessToken, "token_type": "Bearer", "expires_in": 3600, "scope": grant.scope,
        ]
        if provider == .google {
            var token = StandInToken(
                claims: grant.person.claims(
                    issuer: address,
                    nonce: grant.nonce ?? "",
                    accessToken: accessToken,
                    at: now(),
                    isFresh: grant.isFresh
                )
            )
            tokenChange.value?(&token)
            object["id_token"] = token.text
        } else {
            object["refresh_token"] = "refresh-\(UUID().uuidString)"
        }
        return StandInAnswer(object)
    }

    /// An empty page (RFC 7009, section 2.2).
    private func revocationAnswer(headers: HTTPFields, body: String) -> StandInAnswer {
        switch state.revoke(body: body, authorization: headers[.authorization]) {
        case .failure(let refusal): return StandInAnswer(["error": refusal.code], status: refusal.status)
        case .success:
            var answer = StandInAnswer([:])
            answer.headers[.contentType] = "text/html"
            answer.body = ""
            return answer
        }
    }

    private func userAnswer(headers: HTTPFields) -> StandInAnswer {
        guard let person = state.person(authorization: headers[.authorization]) else {
            return StandInAnswer(["message": "401: Unauthorized", "code": 0], status: 401)
        }
        return StandInAnswer(person.discordUser)
    }
}

/// What went wrong with the stand-in, or with what was asked of it.
struct StandInFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
