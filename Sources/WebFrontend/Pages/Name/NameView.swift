import Shared

/// The page that changes the name.
struct NameView: PageView {
    static let template = "name"
    /// The current name, or the typed one.
    let name: String
    /// The errors.
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
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
        var values: ViewValues = ["typed_form": "name-form", "name_field": field.values(texts, errors: errors)]
        if let summary = SummaryView(errors: errors, retryAfter: retryAfter).values(texts) {
            values["summary"] = summary
        }
        return values
    }
}
