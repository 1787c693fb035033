import Shared

/// The values for a template by name: lists, sections and texts.
typealias ViewValues = [String: any Sendable]

/// One page: its data, and the values for its template.
protocol PageView: Sendable {
    /// The name of the template.
    static var template: String { get }
    /// The title of the page.
    func title(_ texts: Translator) -> String
    /// The values for the template, in addition to those of every page.
    func values(_ texts: Translator) -> ViewValues
    /// Whether the page reports an error.
    var hasFailed: Bool { get }
    /// The errors of the page's form; nil without a form.
    var summary: SummaryView? { get }
    /// The path to reload the page, if it differs from the one in the address bar.
    var location: String? { get }
    /// What the page depends on; nil if it must be rendered for each request.
    var cacheKey: PageKey? { get }
}

extension PageView {
    var hasFailed: Bool { false }
    var summary: SummaryView? { nil }
    var location: String? { nil }
    var cacheKey: PageKey? { nil }
}

/// The visitor of a page.
enum Visitor: Sendable {
    /// Unknown, because the page is the same for all.
    case unknown
    /// Not signed in.
    case anonymous
    /// Signed in as this user.
    case signedIn(UserBody)

    /// The user, if signed in.
    var user: UserBody? {
        guard case .signedIn(let user) = self else { return nil }
        return user
    }
}
