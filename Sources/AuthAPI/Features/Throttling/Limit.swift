/// A rate limit: a number of attempts per period.
///
/// All can be used at once; each returns after its share of the period.
struct Limit: Sendable, Equatable {
    /// The number of attempts.
    let attempts: Int
    /// The period in seconds.
    let seconds: Int

    /// Creates a limit.
    init(attempts: Int, seconds: Int) {
        self.attempts = attempts
        self.seconds = seconds
    }

    /// Parses `attempts/seconds`, such as `10/600`: at most 100,000 attempts, in at most a day; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let attempts = Int(parts[0]), let seconds = Int(parts[1]),
            (1...100_000).contains(attempts), (1...86_400).contains(seconds)
        else { return nil }
        self.init(attempts: attempts, seconds: seconds)
    }

    /// The cost of one attempt in microseconds.
    var cost: Int64 { capacity / Int64(attempts) }
    /// The total budget in microseconds.
    var capacity: Int64 { Int64(seconds) * 1_000_000 }
}

/// The rate limits (OWASP "Authentication Cheat Sheet", "Protect Against Automated Attacks").
struct ThrottleLimits: Sendable, Equatable {
    /// Failed sign-ins to one account from unknown browsers.
    var account = Limit(attempts: 10, seconds: 600)
    /// Failed sign-ins from one known browser.
    var device = Limit(attempts: 10, seconds: 600)
    /// Failed sign-ins from one network.
    var network = Limit(attempts: 100, seconds: 600)
    /// Registrations from one network.
    var registration = Limit(attempts: 30, seconds: 3600)
    /// Uses of one-time links from one network, including successful ones.
    var recovery = Limit(attempts: 20, seconds: 600)
    /// Changes of name and downloads by one user, to limit the growth of the audit trail.
    let profile = Limit(attempts: 30, seconds: 600)

    /// The limit of a kind.
    subscript(kind: ThrottleKey.Kind) -> Limit {
        switch kind {
        case .account: account
        case .device, .owner: device
        case .network: network
        case .registration: registration
        case .recovery: recovery
        case .profile: profile
        }
    }
}
