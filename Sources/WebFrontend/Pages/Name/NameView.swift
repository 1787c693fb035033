import Shared

/// What the page for changing the name shows.
struct NameView: PageView {
    static let template = "name"
    /// The present name, or the one that was typed.
    let name: String
    /// What is wrong.
    var errors: [FormError] = []
    /// Seconds after which to try again.
    var retryAfter: Int?

    var hasFailed: Bool { !errors.isEmpty }
    var location: String? { SitePath.name }

    func title(_ texts: Translator) -> String { texts[.titleName] }

    func values(_ texts: Translator) -> ViewValues {
        let field = FieldView(
            name: "name",
            label: .labelName,
            hint: .hintName,
            kind: .text,
            autocomplete: "name",
            value: name
        )
        var values: ViewValues = ["name_field": field.values(texts, errors: errors)]
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        return values
    }
}
