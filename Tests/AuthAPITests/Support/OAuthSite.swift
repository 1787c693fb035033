import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The API, a mock of Google, Discord and, if requested, OpenID providers, and browsers that use both.
struct OAuthSite: Sendable {
    let api: TestAPI
    let mock: MockProvider

    /// Runs `body` with both, on a separate database.
    static func with(
        _ environment: [String: String] = [:],
        providers: [OAuthProvider] = [],
        clock: TestClock = TestClock(),
        withGitHub: Bool = false,
        _ body: @Sendable (OAuthSite) async throws -> Void
    ) async throws {
        try await TestDatabase.with {
            try await with(
                environment,
                providers: providers,
                database: $0,
                clock: clock,
                withGitHub: withGitHub,
                body
            )
        }
    }

    /// Runs `body` with both, on the given database.
    static func with(
        _ environment: [String: String] = [:],
        providers: [OAuthProvider] = [],
        database: TestDatabase,
        databaseURL: String? = nil,
        clock: TestClock = TestClock(),
        withGitHub: Bool = false,
        _ body: @Sendable (OAuthSite) async throws -> Void
    ) async throws {
        try await MockProvider.with(now: clock.now) { mock in
            let github = withGitHub ? [mock.githubEnvironment] : []
            let all = [mock.environment] + github + providers.map { mock.environment(of: $0) } + [environment]
            let settings = all.reduce(into: [:]) { $0.merge($1) { $1 } }
            try await TestAPI.with(settings, database: database, databaseURL: databaseURL, clock: clock) { api in
                try await body(OAuthSite(api: api, mock: mock))
            }
        }
    }

    /// Makes this mock, which has its own port, the issuer of identities that another one linked.
    func takeOverIdentities() async throws {
        try await sql("UPDATE oauth_accounts SET issuer = '\(mock.address)'")
    }

    /// A browser without cookies yet.
    func browser() -> TestClient { api.client() }

    /// Starts a flow in a browser and agrees at the provider; returns the callback address.
    func begin(
        _ provider: OAuthProvider,
        in browser: TestClient,
        _ parameters: [(String, String)] = [],
        headers: [(String, String)] = OAuthSite.fromThisSite
    ) async throws -> String {
        let query = parameters.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&")
        let path = APIPath.startOAuth(provider)
        let response = try await browser.get(query.isEmpty ? path : "\(path)?\(query)", headers: headers)
        try #require(response.status == 303)
        let location = try #require(response.header("Location"))
        try #require(location.hasPrefix(mock.address), "\(location)")
        return try mock.authorize(location).target
    }

    /// The headers of a browser that follows a link of this site.
    static let fromThisSite = [("Sec-Fetch-Site", "same-origin")]

    /// Starts linking like the account page.
    func beginLinking(_ provider: OAuthProvider, in browser: TestClient) async throws -> String {
        try await begin(provider, in: browser, [("link", ticket(for: provider, in: browser))])
    }

    /// The ticket of the account page for linking; also for a provider with a linked account, as on a page that was loaded
    /// before.
    func ticket(for provider: OAuthProvider, in browser: TestClient) async throws -> String {
        let token = try #require(browser.token)
        let session = try #require(try await api.app.routes.sessions.service.signedIn(with: Secret(token))?.sessionID)
        return try api.app.routes.identities.tickets.ticket(.link, for: provider, session: session).ticket
    }

    /// Signs in through a provider; returns the last response.
    @discardableResult
    func signIn(
        _ provider: OAuthProvider,
        in browser: TestClient,
        as change: (inout MockUser) -> Void = { _ in }
    ) async throws -> TestResponse {
        become(change)
        return try await browser.get(begin(provider, in: browser))
    }

    /// Links a provider account to the signed-in user; returns the last response.
    @discardableResult
    func link(
        _ provider: OAuthProvider,
        in browser: TestClient,
        as change: (inout MockUser) -> Void = { _ in }
    ) async throws -> TestResponse {
        become(change)
        return try await browser.get(beginLinking(provider, in: browser))
    }

    /// Changes the user at the provider, starting from the default one.
    func become(_ change: (inout MockUser) -> Void) {
        var user = MockUser()
        change(&user)
        mock.user.update { [user] in $0 = user }
    }

    /// The signed-in user.
    func user(of browser: TestClient) async throws -> UserBody? {
        let response = try await browser.get(APIPath.me)
        return response.status == 200 ? try response.decoded() : nil
    }

    /// The sign-in methods of the browser's user.
    func methods(of browser: TestClient) async throws -> IdentityListBody {
        try await browser.get(APIPath.identities).decoded()
    }

    /// The first column of a query's first row.
    @discardableResult
    func sql(_ text: String) async throws -> String? { try await api.database.sql(text) }
}

extension TestResponse {
    /// The page of a redirect, without parameters.
    var page: String? { header("Location").map { String($0.prefix { $0 != "?" }) } }

    /// A query parameter of a redirect.
    func parameter(_ name: String) -> String? {
        header("Location").flatMap { URLComponents(string: $0)?.queryItems?.first { $0.name == name }?.value }
    }

    /// The failure code of a redirect.
    var failure: OAuthFailure? { parameter(PagePath.failureParameter).flatMap(OAuthFailure.init(rawValue:)) }
}

/// Expects that a flow ended on an error page, that no session was opened, and that the failure is in the log.
func expectFailure(
    _ failure: OAuthFailure,
    _ response: TestResponse,
    in site: OAuthSite,
    page: String = PagePath.login,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(response.status == 303, sourceLocation: sourceLocation)
    #expect(response.page == page, sourceLocation: sourceLocation)
    #expect(response.failure == failure, "\(response.header("Location") ?? "")", sourceLocation: sourceLocation)
    let tokens = response.all("Set-Cookie").filter { $0.contains("access_token=") }
    #expect(tokens.isEmpty, sourceLocation: sourceLocation)
    let id = response.parameter(PagePath.errorIDParameter) ?? ""
    #expect(id == response.header("X-Request-ID"), sourceLocation: sourceLocation)
    let line = site.api.logs.all.first { $0.contains("sign-in through a provider failed") && $0.contains(id) }
    #expect(line?.contains("\"failure\":\"\(failure.rawValue)\"") == true, sourceLocation: sourceLocation)
    #expect(line?.contains("\"reason\":") == true, sourceLocation: sourceLocation)
}
