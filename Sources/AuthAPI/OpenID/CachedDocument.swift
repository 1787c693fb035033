import FoundationEssentials
import Logging

/// A document of a provider that is fetched when it is needed and kept for a while.
///
/// While the provider is away the old one serves, up to a day; so a short outage of one of a provider's hosts stops
/// nobody, and a key that the provider withdrew is trusted no longer than that.
actor CachedDocument<Document: Sendable> {
    /// How long, in seconds, a document serves without being fetched anew.
    static var freshAge: TimeInterval { 3600 }
    /// How long, in seconds, it serves while it cannot be fetched anew.
    static var usableAge: TimeInterval { 86_400 }
    /// How long, in seconds, until it is tried again.
    static var retryInterval: TimeInterval { 60 }

    private let name: StaticString
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let fetch: @Sendable () async throws(ProviderError) -> Document
    private var held: (document: Document, fetchedAt: Date)?
    /// When it was last fetched, or tried to be.
    private var triedAt: Date?
    /// When it was last fetched because it lacked something.
    private var soughtAt: Date?
    private var running: Task<Result<Document, ProviderError>, Never>?

    /// Makes an empty cache of what the log calls `name`.
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
    /// - Throws: ``ProviderError`` when there is none that may serve.
    func document() async throws(ProviderError) -> Document {
        if let held, isYounger(held.fetchedAt, than: Self.freshAge) { return held.document }
        if running == nil, let usable, let triedAt, isYounger(triedAt, than: Self.retryInterval) { return usable }
        return try await fetched()
    }

    /// The document for a caller that misses something in it: fetched at once, however young it is, but for this reason
    /// at most once a minute, so that names that nobody publishes do not become requests to the provider.
    ///
    /// - Throws: ``ProviderError`` when there is none that may serve.
    func newerDocument() async throws(ProviderError) -> Document {
        if running == nil {
            if let usable, let soughtAt, isYounger(soughtAt, than: Self.retryInterval) { return usable }
            soughtAt = now()
        }
        return try await fetched()
    }

    /// Fetches the document; however many ask, one request is under way.
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
        triedAt = now()
        do throws(ProviderError) {
            let document = try await fetch()
            held = (document, now())
            return .success(document)
        } catch {
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
        held.flatMap { isYounger($0.fetchedAt, than: Self.usableAge) ? $0.document : nil }
    }

    /// A moment that is to come means that the clock was set back: its age is unknown.
    private func isYounger(_ moment: Date, than limit: TimeInterval) -> Bool {
        (0..<limit).contains(now().timeIntervalSince(moment))
    }
}
