import Logging
import Shared

/// Requests the list of enabled providers from the API, and caches the response.
///
/// While the API does not respond, pages show the last list, or no providers if there is none.
actor ProviderDirectory {
    /// How long a response is cached.
    static let freshAge = Duration.seconds(10)
    /// The interval between attempts after a failure.
    static let retryInterval = Duration.seconds(3)

    private let api: AuthAPIClient
    private let clock = ContinuousClock()
    private var latest = Providers.none
    private var nextRequest: ContinuousClock.Instant?
    private var refreshing: Task<Void, Never>?

    /// Creates a directory; the first page sends the request.
    init(api: AuthAPIClient) { self.api = api }

    /// The enabled providers; concurrent calls share one request, sent on behalf of the first caller.
    func providers(for caller: Caller, logger: Logger) async -> Providers {
        if let nextRequest, clock.now < nextRequest { return latest }
        let task = refreshing ?? Task { await refresh(for: caller, logger: logger) }
        refreshing = task
        await task.value
        return latest
    }

    private func refresh(for caller: Caller, logger: Logger) async {
        defer { refreshing = nil }
        do {
            latest = Providers(all: try await api.providers(for: caller).providers)
            nextRequest = clock.now + Self.freshAge
        } catch {
            logger.warning("list of providers not updated", metadata: ["cause": .string("\(type(of: error))")])
            nextRequest = clock.now + Self.retryInterval
        }
    }
}
