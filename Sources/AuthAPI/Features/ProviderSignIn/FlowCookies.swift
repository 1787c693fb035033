import Crypto
import FoundationEssentials
import Hummingbird
import Shared

/// The cookies of flows under way: one each, so that several tabs can be at a provider at once.
struct FlowCookies: Sendable {
    /// The most flows of one browser; a further one takes the place of the oldest.
    static let limit = 5
    /// The most cookies of a request that are tried; each costs a decryption.
    private static let maximumTried = 20
    private static let prefix = "oauth_flow_"
    private static let identifierLength = 16

    private let site: SiteCookies
    private let sealed: SealedCookie<SignInFlow>

    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        site = SiteCookies(publicURL: settings.common.publicURL)
        let keys = SealingKeys(
            for: .flowCookie,
            secretKey: settings.secretKey,
            previous: settings.secretKeyPrevious
        )
        sealed = SealedCookie(keys, now: now)
    }

    /// Keeps a flow that begins, and clears what is left of dead ones and the oldest where there are too many.
    func keep(_ flow: SignInFlow, of request: Request, on response: inout Response) throws {
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
        site.set(name, to: value, maxAge: SealedCookie<SignInFlow>.lifetime, on: &response)
    }

    /// The flow that began with a state in the browser that asks; nil when there is none or it is too old.
    func flow(for state: String, at provider: OAuthProvider, of request: Request) -> SignInFlow? {
        let name = name(for: state)
        guard let value = request.cookieValue(name),
            let flow = sealed.open(RequestCookie(name: name, value: value))?.payload,
            flow.provider == provider, flow.began(with: state)
        else { return nil }
        return flow
    }

    /// Forgets the flow of a state, whatever became of it: a state counts once (RFC 9700, section 4.7.1).
    func forget(_ state: String, of request: Request, on response: inout Response) {
        let name = name(for: state)
        if !request.cookieValues(name).isEmpty { site.clear(name, on: &response) }
    }

    /// Forgets every flow of a browser.
    func forgetAll(of request: Request, on response: inout Response) {
        for cookie in cookies(of: request) { site.clear(cookie.name, on: &response) }
    }

    /// The name tells one flow from another and nothing about the state.
    private func name(for state: String) -> String {
        let digest = SHA256.hash(data: Array(state.utf8))
        return site.name(Self.prefix) + digest.prefix(Self.identifierLength / 2).hex
    }

    /// The cookies with names that this site gives, each name once.
    private func cookies(of request: Request) -> [RequestCookie] {
        let prefix = site.name(Self.prefix)
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
