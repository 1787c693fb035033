import Testing

/// Waits until a condition holds; fails with the description after the limit.
func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while !(try await condition()) {
        try #require(ContinuousClock.now < deadline, "not within \(limit): \(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Runs `body` up to three times, until it takes less than the limit; fails if no run does.
///
/// Other work on the machine delays one run, a time limit that does not work delays all of them.
@discardableResult
func expectTime<Value>(
    under limit: Duration,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async throws -> Value {
    var taken: [Duration] = []
    while true {
        let start = ContinuousClock.now
        let value = try await body()
        taken.append(ContinuousClock.now - start)
        if taken.contains(where: { $0 < limit }) { return value }
        try #require(taken.count < 3, "never under \(limit): \(taken)", sourceLocation: sourceLocation)
    }
}
