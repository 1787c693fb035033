import FoundationEssentials
import Hummingbird
import Shared

/// The values that a browser must bring back from this site after it opened a page of the application's host.
struct ApplicationEntry: BrowserFlow {
    let state: String
    /// The path and query to go to afterwards.
    let page: String

    private enum CodingKeys: String, CodingKey {
        case state = "s"
        case page = "p"
    }
}

/// A live or ended session of this site, by the hash of its token.
struct SessionReference: Codable, Sendable {
    let tokenHash: Data

    private enum CodingKeys: String, CodingKey {
        case tokenHash = "h"
    }
}

/// The application's own host (`APP_URL`), where browsers send no cookie of this site.
///
/// A browser without a session there is sent to this site with a state, which is bound to the browser by a cookie of the
/// application's host, and comes back with a code for that state. The session on the application's host is a sealed
/// reference to the session of this site: it ends with that session, at the next request, and only the check accepts it. The
/// application's host never gets the token.
struct ApplicationHost: Sendable {
    /// The lifetime of a code in seconds: the browser sends it immediately.
    static let codeLifetime = 60

    /// The origin of the application.
    let url: WebOrigin
    /// The path of its first page.
    let home: String

    private let site: SiteCookies
    private let entries: FlowCookies<ApplicationEntry>
    private let codes: SealedCookie<SessionReference>
    private let references: SealedCookie<SessionReference>
    private let cookieName: String
    /// The additional context of references: the cookie of another host is invalid.
    private let context: String

    /// Creates the host; nil when the application has no separate host.
    init?(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        guard let application = settings.access.application, let url = application.url else { return nil }
        self.url = url
        home = application.path
        // Both have the same scheme.
        site = SiteCookies(publicURL: url)
        entries = FlowCookies(settings, prefix: SiteCookies.entryPrefix, purpose: .applicationEntry, now: now)
        codes = SealedCookie(SealingKeys(for: .applicationEntry, from: settings.secretKeys), now: now)
        references = SealedCookie(SealingKeys(for: .applicationSession, from: settings.secretKeys), now: now)
        cookieName = site.name(SiteCookies.applicationSession)
        context = "\(cookieName) \(url)"
    }

    /// Stores the page that a browser requested in a cookie of the application's host.
    ///
    /// - Returns: the state for the redirect to this site.
    /// - Throws: `malformed_request` when another application has set a cookie with the name of the session's.
    func begin(_ page: String, of request: Request, on response: inout Response) throws -> String {
        try request.rejectForeignCookie(cookieName)
        let entry = ApplicationEntry(
            state: Base64URL.random256Bits(),
            page: ReturnPath.staysOnThisSite(page) ? page : home
        )
        try entries.keep(entry, of: request, on: &response)
        return entry.state
    }

    /// A code with which the browser that began with the state opens its session on the application's host.
    func code(for token: Secret, state: String) throws -> String {
        let reference = SessionReference(tokenHash: Data(TokenHash(of: token).bytes))
        return try codes.seal(reference, name: context(of: state), lifetime: Self.codeLifetime)
    }

    /// Opens the session on the application's host.
    ///
    /// - Returns: the page to go to; nil when the code is expired or for another state, or when another browser began.
    func admit(_ code: Secret, state: String, of request: Request, on response: inout Response) throws -> String? {
        guard let entry = entries.flow(for: state, of: request),
            let reference = codes.open(RequestCookie(name: context(of: state), value: code.value))?.payload
        else { return nil }
        let value = try references.seal(reference, name: context, lifetime: TokenIssuer.lifetime)
        site.set(cookieName, to: value, maxAge: TokenIssuer.lifetime, on: &response)
        entries.forget(state, of: request, on: &response)
        return entry.page
    }

    /// The session that the cookie of the application's host refers to; it may have ended.
    func session(of request: Request) -> TokenHash? {
        request.cookieValue(cookieName)
            .flatMap { references.open(RequestCookie(name: context, value: $0)) }
            .map { TokenHash(stored: Array($0.payload.tokenHash)) }
    }

    private func context(of state: String) -> String { "code \(url) \(state)" }
}
