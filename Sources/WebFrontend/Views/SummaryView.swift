import Shared

/// The list of everything that is wrong with a form, above it, each entry leading to its field.
struct SummaryView: Sendable {
    /// What is wrong.
    let errors: [FormError]
    /// Seconds after which to try again, if that is known.
    var retryAfter: Int?

    /// What the template sees; nil when nothing is wrong.
    func values(_ texts: Translator) -> ViewValues? {
        guard !errors.isEmpty else { return nil }
        var items: [ViewValues] = errors.map { error in
            ["text": texts[error.text], "field": error.field.map { $0 as any Sendable } ?? false]
        }
        if let retryAfter { items.append(["text": texts.wait(seconds: retryAfter), "field": false]) }
        let isAboutFields = errors.contains { $0.field != nil }
        return ["heading": texts[isAboutFields ? .summaryHeading : .summaryHeadingFailed], "items": items]
    }
}
