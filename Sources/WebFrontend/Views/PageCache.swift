import Shared
import Synchronization

/// Rendered pages, as visitors without a session first see them.
final class PageCache: Sendable {
    /// What such a page depends on.
    struct Key: Hashable {
        let page: PageKey
        let language: SiteLanguage
        /// Whether the visitor is known to have no session.
        let isAnonymous: Bool
        let notice: Notice?
    }

    /// The maximum number of pages, because clients choose the path to return to, and with it any number of keys.
    static let capacity = 64

    private let pages = Mutex<[Key: String]>([:])

    /// The page under a key, rendered by `render` if it is not in the cache.
    func page(_ key: Key, render: () throws -> String) rethrows -> String {
        if let page = pages.withLock({ $0[key] }) { return page }
        let page = try render()
        pages.withLock { pages in
            if pages.count >= Self.capacity { pages.removeAll(keepingCapacity: true) }
            pages[key] = page
        }
        return page
    }
}

/// What a page depends on, besides language, visitor and notice, as long as nothing was entered and nothing failed.
struct PageKey: Hashable, Sendable {
    let template: String
    let returnTo: ReturnPath?
    let providers: Providers
    var registration: RegistrationSettings?
}
