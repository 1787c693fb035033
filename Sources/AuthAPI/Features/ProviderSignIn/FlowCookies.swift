import Crypto
import FoundationEssentials
import Hummingbird
import Shared

/// A flow that a browser started, stored until the callback with the same state.
protocol BrowserFlow: Codable, Sendable {
    /// Names the flow and binds it to the browser: 256 random bits in BASE64URL.
    var state: String { get }
}

extension BrowserFlow {
    /// Whether the flow has this state; a constant-time comparison.
    func began(with state: String) -> Bool {
        SHA256.hash(data: Array(state.utf8)) == SHA256.hash(data: Array(self.state.utf8))
    }
}

/// The cookies of flows in progress: one cookie per flow, so that several tabs can begin one at the same time.
struct FlowCookies<Flow: BrowserFlow>: Sendable {
    /// The maximum number of flows per browser; a new flow replaces the oldest.
    static var limit: Int { 5 }
    /// The maximum number of cookies of a request to decrypt.
    private static var maximumTried: Int { 20 }
    private static var identifierLength: Int { 16 }

    private let prefix: String
    private let site: SiteCookies
    private let sealed: SealedCookie<Flow>

    /// Creates the cookies of one kind of flow, whose names begin with the prefix.
    init(
        _ settings: APISettings,
        prefix: String,
        purpose: KeyRing.Purpose,
        now: @escaping @Sendable () -> Date
    ) {
        site = SiteCookies(publicURL: settings.common.publicURL)
        self.prefix = site.name(prefix)
        sealed = SealedCookie(SealingKeys(for: purpose, from: settings.secretKeys), now: now)
    }

    /// Stores a new flow; clears expired flows, and the oldest ones if there are too many.
    func keep(_ flow: Flow, of request: Request, on response: inout Response) throws {
        var alive: [(name: String, expiresAt: Int64)] = []
        for cookie in cookies(of: request) {
            if let content = sealed.open(cookie) {
                alive.append((cookie.name, content.expiresAt))
            } else {
                site.clear(cookie.name, on: &response)
            }
        }
        alive.sort { $0.expiresAt < $1.expiresAt }
        for (name, _) in alive.dropLast(Self.limit - 1) { site.clear(name, on: &response) }
        let name = name(for: flow.state)
        let value = try sealed.seal(flow, name: name)
        site.set(name, to: value, maxAge: SealedCookie<Flow>.lifetime, on: &response)
    }

    /// The flow with this state in the requesting browser; nil if there is none or it has expired.
    func flow(for state: String, of request: Request) -> Flow? {
        let name = name(for: state)
        guard let value = request.cookieValue(name),
            let flow = sealed.open(RequestCookie(name: name, value: value))?.payload, flow.began(with: state)
        else { return nil }
        return flow
    }

    /// Removes the flow with this state, whether it succeeded or failed: a state is for one use (RFC 9700, section 4.7.1).
    func forget(_ state: String, of request: Request, on response: inout Response) {
        let name = name(for: state)
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }

    /// Removes all flows of the browser.
    func forgetAll(of request: Request, on response: inout Response) {
        for cookie in cookies(of: request) { site.clear(cookie.name, on: &response) }
    }

    /// The name identifies a flow without revealing its state.
    private func name(for state: String) -> String {
        let digest = SHA256.hash(data: Array(state.utf8))
        return prefix + digest.prefix(Self.identifierLength / 2).hex
    }

    /// The cookies with names of this site, each name once.
    private func cookies(of request: Request) -> [RequestCookie] {
        // bounded: 16 hexadecimal digits behind the prefix
        var names: Set<String> = []
        let all = request.cookies(withPrefix: prefix).filter { cookie in
            let identifier = cookie.name.utf8.dropFirst(prefix.utf8.count)
            return identifier.count == Self.identifierLength
                && identifier.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
                && names.insert(cookie.name).inserted
        }
        return Array(all.prefix(Self.maximumTried))
    }
}

extension FlowCookies where Flow == SignInFlow {
    /// Creates the cookies of flows through providers.
    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        self.init(settings, prefix: SiteCookies.flowPrefix, purpose: .flowCookie, now: now)
    }

    /// The flow with this state at the provider; nil if there is none or it has expired.
    func flow(for state: String, at provider: OAuthProvider, of request: Request) -> SignInFlow? {
        flow(for: state, of: request).flatMap { $0.provider == provider ? $0 : nil }
    }
}
