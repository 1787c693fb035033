import Crypto
import Foundation
import Logging
import NIOSSL
import Shared
import Testing

@testable import AuthAPI

/// Signs a user in through the mock provider without the routes: only the part of a flow that uses the provider.
struct ProviderFlow: Sendable {
    static let redirectOrigin = "https://site.example"

    let mock: MockProvider
    let providers: IdentityProviders
    let clock: TestClock
    let logs: LogRecorder
    let logger: Logger

    /// Runs `body` with a provider and a client of it, both on the same clock.
    ///
    /// `sleep` controls the client's time. `settings` extend those that make the mock Google, Discord and an OpenID
    /// provider.
    static func with(
        sleep: (@Sendable (MockProvider, Duration) async throws -> Void)? = nil,
        tls: TLSConfiguration? = nil,
        settings: @Sendable (MockProvider) -> [String: String] = { _ in [:] },
        _ body: @Sendable (ProviderFlow) async throws -> Void
    ) async throws {
        await TestGate.providers.enter()
        defer { Task { await TestGate.providers.leave() } }
        let clock = TestClock()
        let logs = LogRecorder()
        try await MockProvider.with(now: clock.now, tls: tls) { mock in
            let logger = Logger(label: "test") { _ in
                JSONLogHandler(format: .json, logLevel: .trace, write: logs.append)
            }
            let given = settings(mock)
            let environment = [mock.githubEnvironment, mock.environment(of: .oidc), given]
                .reduce(mock.environment) { $0.merging($1) { $1 } }
            let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
            let providers = IdentityProviders(settings.providers, logger: logger, now: clock.now) { duration in
                if let sleep { try await sleep(mock, duration) } else { try await clock.sleep(duration) }
            }
            let result: Result<Void, any Error>
            do {
                let flow = ProviderFlow(
                    mock: mock,
                    providers: providers,
                    clock: clock,
                    logs: logs,
                    logger: logger
                )
                try await body(flow)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            try await providers.close()
            try result.get()
        }
    }

    /// The provider of that name.
    func provider(_ name: OAuthProvider) throws -> any IdentityProvider { try #require(providers[name]) }

    /// Signs in; `change` modifies the values of the callback.
    func signIn(
        _ name: OAuthProvider,
        change: (AuthorizationResponse) -> AuthorizationResponse = { $0 }
    ) async throws -> ProviderIdentity {
        let provider = try provider(name)
        let response = try await authorize(name)
        return try await provider.identity(for: change(response))
    }

    /// The values of the callback when the user agrees.
    func authorize(_ name: OAuthProvider) async throws -> AuthorizationResponse {
        let verifier = Base64URL.encode(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
        let nonce = Base64URL.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) })
        let redirectURI = Self.redirectOrigin + APIPath.oauthCallback(name)
        let address = try await provider(name).authorizationURL(
            for: AuthorizationRequest(
                state: Base64URL.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }),
                nonce: nonce,
                codeChallenge: Base64URL.encode(SHA256.hash(data: Data(verifier.utf8))),
                redirectURI: redirectURI
            )
        )
        let callback = try mock.authorize(address, redirectURI: redirectURI)
        return AuthorizationResponse(
            code: Secret(callback.code),
            issuer: callback.issuer,
            verifier: Secret(verifier),
            nonce: Secret(nonce),
            redirectURI: redirectURI
        )
    }

    /// Expects that signing in succeeds, with these addresses.
    func expectAddress(
        _ name: OAuthProvider,
        verified: String? = nil,
        unverified: String? = nil,
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let identity = try await signIn(name)
        #expect(identity.email?.value == verified, comment, sourceLocation: sourceLocation)
        #expect(identity.unverifiedEmail?.value == unverified, comment, sourceLocation: sourceLocation)
        #expect(identity.email != nil || !identity.isEmailAuthority, comment, sourceLocation: sourceLocation)
    }

    /// Expects that signing in fails.
    func expectRejection(
        _ name: OAuthProvider,
        _ failure: OAuthFailure,
        _ reason: String,
        change: (AuthorizationResponse) -> AuthorizationResponse = { $0 },
        _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            let identity = try await signIn(name, change: change)
            Issue.record("signed in as \(identity.subject)", sourceLocation: sourceLocation)
        } catch let error as ProviderError {
            #expect(error.failure == failure, comment, sourceLocation: sourceLocation)
            #expect(
                reason.isEmpty || "\(error.reason)".contains(reason),
                "\(error.reason)",
                sourceLocation: sourceLocation
            )
        }
    }
}

extension AuthorizationResponse {
    /// The same with another code or nonce.
    func with(code: String? = nil, nonce: String? = nil) -> AuthorizationResponse {
        AuthorizationResponse(
            code: code.map(Secret.init) ?? self.code,
            issuer: issuer,
            verifier: verifier,
            nonce: nonce.map(Secret.init) ?? self.nonce,
            redirectURI: redirectURI
        )
    }

    /// The same with another `iss`, or none.
    func with(issuer: String?) -> AuthorizationResponse {
        AuthorizationResponse(code: code, issuer: issuer, verifier: verifier, nonce: nonce, redirectURI: redirectURI)
    }
}
