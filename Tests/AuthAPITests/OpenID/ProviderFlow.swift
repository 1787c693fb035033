import Crypto
import Foundation
import Logging
import NIOSSL
import Shared
import Testing

@testable import AuthAPI

/// Signs a user in through the stand-in provider without the routes: only the part of a flow that uses the provider.
struct ProviderFlow: Sendable {
    static let redirectOrigin = "https://site.example"

    let standIn: StandInProvider
    let providers: IdentityProviders
    let clock: TestClock
    let logs: LogRecorder
    let logger: Logger

    /// Runs `body` with a provider and a client of it, both on the same clock.
    ///
    /// `sleep` controls the client's time. `settings` extend those that make the stand-in Google, Discord and an OpenID
    /// provider.
    static func with(
        sleep: (@Sendable (StandInProvider, Duration) async throws -> Void)? = nil,
        tls: TLSConfiguration? = nil,
        settings: @Sendable (StandInProvider) -> [String: String] = { _ in [:] },
        _ body: @Sendable (ProviderFlow) async throws -> Void
    ) async throws {
        await TestGate.providers.enter()
        defer { Task { await TestGate.providers.leave() } }
        let clock = TestClock()
        let logs = LogRecorder()
        try await StandInProvider.with(now: clock.now, tls: tls) { standIn in
            let logger = Logger(label: "test") { _ in
                JSONLogHandler(format: .json, logLevel: .trace, write: logs.append)
            }
            let given = settings(standIn)
            let environment = [standIn.githubEnvironment, standIn.environment(of: .oidc), given]
                .reduce(standIn.environment) { $0.merging($1) { $1 } }
            let settings = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d")
            let providers = IdentityProviders(settings.providers, logger: logger, now: clock.now) { duration in
                if let sleep { try await sleep(standIn, duration) } else { try await clock.sleep(duration) }
            }
            let result: Result<Void, any Error>
            do {
                let flow = ProviderFlow(
                    standIn: standIn,
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
        change: (AuthorizationAnswer) -> AuthorizationAnswer = { $0 }
    ) async throws -> ProviderIdentity {
        let provider = try provider(name)
        let answer = try await answer(name)
        return try await provider.identity(for: change(answer))
    }

    /// The values of the callback when the user agrees.
    func answer(_ name: OAuthProvider) async throws -> AuthorizationAnswer {
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
        let callback = try standIn.authorize(address, redirectURI: redirectURI)
        return AuthorizationAnswer(
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
    func expectRefusal(
        _ name: OAuthProvider,
        _ failure: OAuthFailure,
        _ reason: String,
        change: (AuthorizationAnswer) -> AuthorizationAnswer = { $0 },
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

extension AuthorizationAnswer {
    /// The same with another code or nonce.
    func with(code: String? = nil, nonce: String? = nil) -> AuthorizationAnswer {
        AuthorizationAnswer(
            code: code.map(Secret.init) ?? self.code,
            issuer: issuer,
            verifier: verifier,
            nonce: nonce.map(Secret.init) ?? self.nonce,
            redirectURI: redirectURI
        )
    }

    /// The same with another `iss`, or none.
    func with(issuer: String?) -> AuthorizationAnswer {
        AuthorizationAnswer(code: code, issuer: issuer, verifier: verifier, nonce: nonce, redirectURI: redirectURI)
    }
}
