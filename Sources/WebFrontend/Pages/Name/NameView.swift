/// The page that changes the name.
struct NameView: FormView {
    static let template = "name"
    /// The current name, or the typed one.
    let name: String
    var errors: [FormError] = []
    /// The delay before a retry in seconds.
    var retryAfter: Int?

    var location: String? { SitePath.name }

    func title(_ texts: Translator) -> String { texts[.titleName] }

    func values(_ texts: Translator) -> ViewValues {
        let field = FieldView(.name, .labelName, .text, autocomplete: "name", value: name, hint: .hintName)
        return ["typed_form": "name-form", "name_field": field.values(texts, errors: errors)]
    }
}
