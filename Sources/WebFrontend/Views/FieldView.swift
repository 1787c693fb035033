import Shared

/// One field of a form, with its value and error.
struct FieldView: Sendable {
    /// The kind of value.
    enum Kind: Sendable {
        case text, email, password
        /// A code of random letters and digits.
        case code
    }

    /// The field, whose name is also its `id` in the page.
    let field: FormField
    let label: TextKey
    /// The kind of value.
    let kind: Kind
    /// The autofill token for browsers and password managers (WHATWG HTML, "autofill detail tokens").
    let autocomplete: String
    /// The previously typed value; never for a password.
    let value: String
    /// The help text.
    let hint: TextKey?
    /// Whether the value is read-only.
    let isReadOnly: Bool
    /// The `id` of another element that describes the field.
    let describedBy: String?

    /// Creates a field.
    init(
        _ field: FormField,
        _ label: TextKey,
        _ kind: Kind,
        autocomplete: String,
        value: String = "",
        hint: TextKey? = nil,
        isReadOnly: Bool = false,
        describedBy: String? = nil
    ) {
        self.field = field
        self.label = label
        self.kind = kind
        self.autocomplete = autocomplete
        self.value = value
        self.hint = hint
        self.isReadOnly = isReadOnly
        self.describedBy = describedBy
    }

    /// A new password, for which the page shows the rules.
    static func newPassword(_ label: TextKey) -> FieldView {
        FieldView(.password, label, .password, autocomplete: "new-password", describedBy: "password-rules")
    }

    /// The repetition of a new password.
    static let confirmation = FieldView(.confirmation, .labelConfirmation, .password, autocomplete: "new-password")

    /// The code of an invitation; with `off`, browsers would not restore it on going back.
    static func invite(_ typed: String) -> FieldView {
        FieldView(.invite, .labelInvite, .code, autocomplete: "one-time-code", value: typed, hint: .hintInvite)
    }

    /// The values for the template.
    func values(_ texts: Translator, errors: [FormError]) -> ViewValues {
        let name = field.rawValue
        let own = errors.filter { $0.field == field }.map { texts[$0.text] }
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
