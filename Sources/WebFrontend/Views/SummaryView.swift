/// The list of all errors above a form, with links to the fields.
struct SummaryView: Sendable {
    let errors: [FormError]
    /// The delay before a retry in seconds, if known.
    var retryAfter: Int?

    /// The values for the template; nil without errors.
    func values(_ texts: Translator) -> ViewValues? {
        guard !errors.isEmpty else { return nil }
        var items: [ViewValues] = errors.map { error in
            ["text": texts[error.text], "field": error.field.map { $0.rawValue as any Sendable } ?? false]
        }
        if let retryAfter { items.append(["text": texts.wait(seconds: retryAfter), "field": false]) }
        let isAboutFields = errors.contains { $0.field != nil }
        return ["heading": texts[isAboutFields ? .summaryHeading : .summaryHeadingFailed], "items": items]
    }
}
