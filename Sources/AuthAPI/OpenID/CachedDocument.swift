import FoundationEssentials
import Logging

/// A cached document of a provider, fetched on demand.
///
/// While the provider is unavailable, the cached document is used for up to a day: a short outage of one of its hosts does
/// not prevent sign-ins, and a key that the provider withdrew is not trusted longer.
actor CachedDocument<Document: Sendable> {
    /// How long a document is used without fetching it again, in seconds.
    static var freshAge: TimeInterval { 3600 }
    /// How long it is used while it cannot be fetched, in seconds.
    static var usableAge: TimeInterval { 86_400 }
    /// The interval between attempts after a failure, in seconds.
    static var retryInterval: TimeInterval { 60 }

    private let name: StaticString
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let fetch: @Sendable () async throws(ProviderError) -> Document
    private var cached: (document: Document, fetchedAt: Date)?
    /// The time of the last attempt to fetch it.
    private var lastFetchAt: Date?
    /// The time of the last fetch because a caller missed something in it; nil after a failure, which does not count.
    private var lastForcedFetchAt: Date?
    private var running: Task<Result<Document, ProviderError>, Never>?

    /// Creates an empty cache; `name` is for the log.
    init(
        _ name: StaticString,
        logger: Logger,
        now: @escaping @Sendable () -> Date,
        fetch: @escaping @Sendable () async throws(ProviderError) -> Document
    ) {
        self.name = name
        self.logger = logger
        self.now = now
        self.fetch = fetch
    }

    /// The document.
    ///
    /// - Throws: ``ProviderError`` if there is no usable one.
    func document() async throws(ProviderError) -> Document {
        if let cached, isYounger(cached.fetchedAt, than: Self.freshAge) { return cached.document }
        if running == nil, let usable, let lastFetchAt, isYounger(lastFetchAt, than: Self.retryInterval) {
            return usable
        }
        return try await fetched()
    }

    /// The document for a caller that misses something in it: fetched again regardless of its age, but for this reason at
    /// most once a minute, so that unknown key names do not become requests to the provider.
    ///
    /// - Throws: ``ProviderError`` if there is no usable one.
    func newerDocument() async throws(ProviderError) -> Document {
        if running == nil {
            if let usable, let lastForcedFetchAt, isYounger(lastForcedFetchAt, than: Self.retryInterval) {
                return usable
            }
            lastForcedFetchAt = now()
        }
        return try await fetched()
    }

    /// Fetches the document; concurrent callers share one request.
    private func fetched() async throws(ProviderError) -> Document {
        let task = running ?? Task { await refresh() }
        running = task
        switch await task.value {
        case .success(let document): return document
        case .failure(let error):
            guard let usable else { throw error }
            return usable
        }
    }

    private func refresh() async -> Result<Document, ProviderError> {
        defer { running = nil }
        lastFetchAt = now()
        do throws(ProviderError) {
            let document = try await fetch()
            cached = (document, now())
            return .success(document)
        } catch {
            lastForcedFetchAt = nil
            logger.warning(
                "provider document not fetched",
                metadata: metadata(of: error)
            )
            return .failure(error)
        }
    }

    private func metadata(of error: ProviderError) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "document": "\(name)", "reason": "\(error.reason)", "kept": "\(usable != nil)",
        ]
        for (name, value) in error.details { metadata[name] = .string(value.description) }
        return metadata
    }

    private var usable: Document? {
        cached.flatMap { isYounger($0.fetchedAt, than: Self.usableAge) ? $0.document : nil }
    }

    /// A time in the future means that the clock was set back, so the age is unknown.
    private func isYounger(_ moment: Date, than limit: TimeInterval) -> Bool {
        (0..<limit).contains(now().timeIntervalSince(moment))
    }
}
