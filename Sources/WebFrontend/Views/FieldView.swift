import Shared

/// One field of a form, with its value and error.
struct FieldView: Sendable {
    /// The kind of value.
    enum Kind: Sendable {
        case text, email, password
        /// A code of random letters and digits.
        case code
    }

    /// The field's name, which is also its `id` in the page.
    let name: String
    /// The label.
    let label: TextKey
    /// The help text.
    var hint: TextKey?
    /// The kind of value.
    let kind: Kind
    /// The autofill token for browsers and password managers (WHATWG HTML, "autofill detail tokens").
    let autocomplete: String
    /// The previously typed value; never for a password.
    var value = ""
    /// Whether the value is read-only.
    var isReadOnly = false
    /// The `id` of another element that describes the field.
    var describedBy: String?

    /// The values for the template.
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
