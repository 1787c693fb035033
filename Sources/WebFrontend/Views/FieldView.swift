import Shared

/// One field of a form: what stands in it, and what is wrong with it.
struct FieldView: Sendable {
    /// What kind of value is typed.
    enum Kind: Sendable {
        case text, email, password
        /// Letters and digits without a meaning.
        case code
    }

    /// The field's name, which is its `id` in the page too.
    let name: String
    /// The text above it.
    let label: TextKey
    /// The text that helps.
    var hint: TextKey?
    /// What is typed.
    let kind: Kind
    /// The token that tells browsers and password managers what to fill in (WHATWG HTML, "autofill detail tokens").
    let autocomplete: String
    /// What was typed before; never for a password.
    var value = ""
    /// Whether the value is given and cannot be typed over.
    var isReadOnly = false
    /// The `id` of something else that describes the field.
    var describedBy: String?

    /// What the template sees.
    func values(_ texts: Translator, errors: [FormError]) -> ViewValues {
        let own = errors.filter { $0.field == name }.map { texts[$0.text] }
        let descriptions = [
            own.isEmpty ? nil : "\(name)-error", hint == nil ? nil : "\(name)-hint", describedBy,
        ].compactMap(\.self)
        var values: ViewValues = [
            "id": name, "label": texts[label], "autocomplete": autocomplete,
            "type": type, "email": kind == .email, "text": kind == .text, "code": kind == .code,
            "read_only": isReadOnly,
            "hint": false, "error": false, "value": false, "described_by": false,
        ]
        if let hint { values["hint"] = texts[hint] }
        if !own.isEmpty { values["error"] = own.joined(separator: " ") }
        if !value.isEmpty, kind != .password { values["value"] = value }
        if !descriptions.isEmpty { values["described_by"] = descriptions.joined(separator: " ") }
        return values
    }

    private var type: String {
        switch kind {
        case .text, .code: "text"
        case .email: "email"
        case .password: "password"
        }
    }
}
