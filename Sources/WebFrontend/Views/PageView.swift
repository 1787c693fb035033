import Shared

/// What a template is given: values by name, where a list, a section or a text can stand.
typealias ViewValues = [String: any Sendable]

/// One page, ready to be shown: plain data, and how a template sees it.
protocol PageView: Sendable {
    /// The name of the template.
    static var template: String { get }
    /// The heading of the browser's window.
    func title(_ texts: Translator) -> String
    /// What the template sees, besides what every page has.
    func values(_ texts: Translator) -> ViewValues
    /// Whether the page says that something failed.
    var hasFailed: Bool { get }
    /// The address at which the page can be asked for again, when that is not the one in the browser's address bar.
    var location: String? { get }
}

extension PageView {
    var hasFailed: Bool { false }
    var location: String? { nil }
}

/// Who looks at a page.
enum Visitor: Sendable {
    /// Nobody asked, since the page is the same for all.
    case unknown
    /// Nobody is signed in.
    case anonymous
    /// This user is signed in.
    case signedIn(UserBody)
}
