/// Runs an operation; cancels it and throws the error if it does not end within the limit.
///
/// Does not return before the cancelled operation has ended.
///
/// - Parameters:
///   - limit: how long the operation may take.
///   - error: the error when it takes longer.
///   - sleep: controls time in tests.
///   - operation: the operation.
/// - Returns: the result of the operation.
/// - Throws: `error` when the limit is exceeded; otherwise what the operation throws.
public func withTimeLimit<Value: Sendable>(
    _ limit: Duration,
    throwing error: any Error,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await sleep(limit)
            throw error
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}
