import FoundationEssentials
import Logging
import Shared

/// Admits requests within the rate limits.
struct RateLimiter: Sendable {
    let store: ThrottleStore
    let keys: ThrottleKeys
    let limits: ThrottleLimits
    let now: @Sendable () -> Date

    /// Takes an attempt to register; it is not returned, because successful registrations also count.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitRegistration(from trace: RequestTrace) async throws {
        try await admit(keys.registration(trace.client.address), from: trace, or: "registration throttled")
    }

    /// Takes an attempt of a signed-in user for an action without confirmation; it is not returned.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitProfile(of visitor: SignedIn, from trace: RequestTrace) async throws {
        let user = visitor.user.id
        try await admit(keys.profile(user), of: user, from: trace, or: "profile requests throttled")
    }

    /// Takes an attempt to use a one-time link; it is not returned.
    ///
    /// - Throws: `too_many_requests` with the time to wait when there is none left.
    func admitRecovery(from trace: RequestTrace) async throws {
        try await admit(keys.recovery(trace.client.address), from: trace, or: "recovery throttled")
    }

    /// An attempt, not yet taken.
    func attempt(_ key: ThrottleKey) -> Attempt { Attempt(key: key, limit: limits[key.kind]) }

    private func admit(
        _ key: ThrottleKey,
        of user: UserID? = nil,
        from trace: RequestTrace,
        or message: Logger.Message
    ) async throws {
        guard let wait = try await store.take(attempt(key), of: user, from: trace, at: now()) else { return }
        throw Self.tooMany(wait, message)
    }

    /// Logs the rejection, and returns its error.
    static func tooMany(_ microseconds: Int64, _ message: Logger.Message) -> APIError {
        let seconds = Int((microseconds + 999_999) / 1_000_000)
        Logger.current.notice(message, metadata: ["retry_after": .stringConvertible(seconds)])
        return APIError(.tooManyRequests, detail: "Too many attempts; wait before you try again.", retryAfter: seconds)
    }
}

/// An attempt that counts against a rate limit.
struct Attempt: Sendable {
    let key: ThrottleKey
    let limit: Limit
}
