/// Lets a limited number of tests through at a time, so that hundreds of them do not exhaust a server's connections.
actor TestGate {
    /// For databases of the shared server.
    static let databases = TestGate(12)
    /// For mock providers.
    static let providers = TestGate(8)
    /// For separate servers.
    static let servers = TestGate(4)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ limit: Int) {
        free = limit
    }

    /// Waits for a place.
    func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// Passes the place to the longest waiting task.
    func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
