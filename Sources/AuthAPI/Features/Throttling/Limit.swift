/// How many attempts somebody has within a time: as many at once, and each back after its share of the time.
struct Limit: Sendable, Equatable {
    /// How many attempts.
    let attempts: Int
    /// Within how many seconds.
    let seconds: Int

    /// Makes a limit.
    init(attempts: Int, seconds: Int) {
        self.attempts = attempts
        self.seconds = seconds
    }

    /// Reads `attempts/seconds`, such as `10/600`: at most 100,000 attempts, within at most a day; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let attempts = Int(parts[0]), let seconds = Int(parts[1]),
            (1...100_000).contains(attempts), (1...86_400).contains(seconds)
        else { return nil }
        self.init(attempts: attempts, seconds: seconds)
    }

    /// What one attempt uses up, in microseconds.
    var cost: Int64 { capacity / Int64(attempts) }
    /// What there is to use up, in microseconds.
    var capacity: Int64 { Int64(seconds) * 1_000_000 }
}

/// The limits on guessing (OWASP "Authentication Cheat Sheet", "Protect Against Automated Attacks").
struct ThrottleLimits: Sendable, Equatable {
    /// Failed sign-ins to one account by browsers that have not signed in to it before.
    var account = Limit(attempts: 10, seconds: 600)
    /// Failed sign-ins by one browser that has.
    var device = Limit(attempts: 10, seconds: 600)
    /// Failed sign-ins from one network.
    var network = Limit(attempts: 100, seconds: 600)
    /// Registrations from one network.
    var registration = Limit(attempts: 30, seconds: 3600)
    /// Uses of one-time links from one network, successful ones too.
    var recovery = Limit(attempts: 20, seconds: 600)
    /// Changes of name, and downloads, by one user: what each adds to the audit trail must not fill it.
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
