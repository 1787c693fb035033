import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The API beside a provider that both Google and Discord are, and OpenID providers if the test says so, and people who go
/// from one to the other.
struct OAuthSite: Sendable {
    let api: TestAPI
    let standIn: StandInProvider

    /// Runs `body` beside both, on a database of their own.
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

    /// Runs `body` beside both, on the given database.
    static func with(
        _ environment: [String: String] = [:],
        providers: [OAuthProvider] = [],
        database: TestDatabase,
        databaseURL: String? = nil,
        clock: TestClock = TestClock(),
        withGitHub: Bool = false,
        _ body: @Sendable (OAuthSite) async throws -> Void
    ) async throws {
        try await StandInProvider.with(now: clock.now) { standIn in
            let github = withGitHub ? [standIn.githubEnvironment] : []
            let all = [standIn.environment] + github + providers.map { standIn.environment(of: $0) } + [environment]
            let settings = all.reduce(into: [:]) { $0.merge($1) { $1 } }
            try await TestAPI.with(settings, database: database, databaseURL: databaseURL, clock: clock) { api in
                try await body(OAuthSite(api: api, standIn: standIn))
            }
        }
    }

    /// Makes this stand-in, which listens on a port of its own, the issuer of identities that another one linked.
    func takeOverIdentities() async throws {
        try await sql("UPDATE oauth_accounts SET issuer = '\(standIn.address)'")
    }

    /// A browser without cookies yet.
    func browser() -> TestClient { api.client() }

    /// Begins a flow in a browser and agrees at the provider; gives the address to come back to.
    func begin(
        _ provider: OAuthProvider,
        in browser: TestClient,
        _ parameters: [(String, String)] = [],
        headers: [(String, String)] = OAuthSite.fromThisSite
    ) async throws -> String {
        let query = parameters.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&")
        let path = APIPath.startOAuth(provider)
        let answer = try await browser.get(query.isEmpty ? path : "\(path)?\(query)", headers: headers)
        try #require(answer.status == 303)
        let location = try #require(answer.header("Location"))
        try #require(location.hasPrefix(standIn.address), "\(location)")
        return try standIn.authorize(location).target
    }

    /// What a browser says when a page of this site leads it on.
    static let fromThisSite = [("Sec-Fetch-Site", "same-origin")]

    /// Begins to link as the account page does.
    func beginLinking(_ provider: OAuthProvider, in browser: TestClient) async throws -> String {
        try await begin(provider, in: browser, [("link", ticket(for: provider, in: browser))])
    }

    /// The ticket with which the account page of the browser's session begins to link; also for a provider of which an
    /// account is linked, as an account page that was loaded before has it.
    func ticket(for provider: OAuthProvider, in browser: TestClient) async throws -> String {
        let token = try #require(browser.token)
        let session = try #require(try await api.app.sessions.service.signedIn(with: Secret(token))?.sessionID)
        return try api.app.identities.tickets.ticket(for: provider, session: session)
    }

    /// Signs in through a provider; gives the last answer.
    @discardableResult
    func signIn(
        _ provider: OAuthProvider,
        in browser: TestClient,
        as change: (inout StandInPerson) -> Void = { _ in }
    ) async throws -> TestResponse {
        become(change)
        return try await browser.get(begin(provider, in: browser))
    }

    /// Links an account of a provider to whoever is signed in; gives the last answer.
    @discardableResult
    func link(
        _ provider: OAuthProvider,
        in browser: TestClient,
        as change: (inout StandInPerson) -> Void = { _ in }
    ) async throws -> TestResponse {
        become(change)
        return try await browser.get(beginLinking(provider, in: browser))
    }

    /// Changes who sits before the provider, from the person that the stand-in begins with.
    func become(_ change: (inout StandInPerson) -> Void) {
        var person = StandInPerson()
        change(&person)
        standIn.person.update { [person] in $0 = person }
    }

    /// Who is signed in.
    func user(of browser: TestClient) async throws -> UserBody? {
        let answer = try await browser.get(APIPath.me)
        return answer.status == 200 ? try answer.decoded() : nil
    }

    /// The ways in which the browser's user can sign in.
    func methods(of browser: TestClient) async throws -> IdentityListBody {
        try await browser.get(APIPath.identities).decoded()
    }

    /// The first field that a query gives.
    @discardableResult
    func sql(_ text: String) async throws -> String? { try await api.database.sql(text) }
}

extension TestResponse {
    /// The page that the browser is sent to, without parameters.
    var page: String? { header("Location").map { String($0.prefix { $0 != "?" }) } }

    /// A parameter of the address that the browser is sent to.
    func parameter(_ name: String) -> String? {
        header("Location").flatMap { URLComponents(string: $0)?.queryItems?.first { $0.name == name }?.value }
    }

    /// The code of the failure that the page is told.
    var failure: OAuthFailure? { parameter(PagePath.failureParameter).flatMap(OAuthFailure.init(rawValue:)) }
}

/// Expects that a flow ended on a page that says why, that nobody was signed in by it, and that the log knows.
func expectFailure(
    _ failure: OAuthFailure,
    _ answer: TestResponse,
    in site: OAuthSite,
    page: String = PagePath.login,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(answer.status == 303, sourceLocation: sourceLocation)
    #expect(answer.page == page, sourceLocation: sourceLocation)
    #expect(answer.failure == failure, "\(answer.header("Location") ?? "")", sourceLocation: sourceLocation)
    let tokens = answer.all("Set-Cookie").filter { $0.contains("access_token=") }
    #expect(tokens.isEmpty, sourceLocation: sourceLocation)
    let id = answer.parameter(PagePath.errorIDParameter) ?? ""
    #expect(id == answer.header("X-Request-ID"), sourceLocation: sourceLocation)
    let line = site.api.logs.all.first { $0.contains("sign-in through a provider failed") && $0.contains(id) }
    #expect(line?.contains("\"failure\":\"\(failure.rawValue)\"") == true, sourceLocation: sourceLocation)
    #expect(line?.contains("\"reason\":") == true, sourceLocation: sourceLocation)
}
