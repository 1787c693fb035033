import Hummingbird
import NIOCore
import Shared

/// The fields of a form or a query; a missing field counts as empty.
struct Form: Sendable {
    private let fields: FormFields

    /// Creates a form.
    init(_ fields: KeyValuePairs<String, String> = [:]) {
        self.fields = FormFields(fields.map { (name: $0.key, value: $0.value) })
    }

    /// Parses the body of a posted form.
    ///
    /// - Throws: ``APIError`` with `unsupported_media_type`, `payload_too_large`, `request_timeout` or
    ///   `malformed_request`.
    init(body request: Request, within deadline: Duration) async throws {
        guard request.headers.hasContentType("application/x-www-form-urlencoded") else {
            throw APIError(.unsupportedMediaType, detail: "The body must be application/x-www-form-urlencoded.")
        }
        let body = try await request.boundedBody(within: deadline)
        fields = try FormFields(reading: body.readableBytesView)
        if fields.hasDuplicates { throw APIError(.malformedRequest, detail: "A field occurs twice.") }
    }

    /// Parses the query of a URL; invalid fields are ignored, so that a link does not fail on fields it does not need.
    init(query request: Request) { fields = FormFields(query: request) }

    /// The value of a field, as typed.
    ///
    /// An email address and a name are cleaned, so that invisible characters are neither rejected nor shown again.
    subscript(field: FormField) -> String {
        let typed = value(field.rawValue) ?? ""
        return switch field {
        case .email: EmailAddress.fromForm(typed)
        case .name: DisplayName.cleaned(typed)
        default: typed
        }
    }

    /// The language that a button of the form selects instead of sending the form.
    var language: SiteLanguage? { value("language").flatMap { SiteLanguage(exactly: $0) } }

    /// The page to return to, if the form names one of this site.
    var returnTo: ReturnPath? { value(PagePath.returnParameter).flatMap { ReturnPath($0) } }

    /// The provider in a field.
    func provider(_ name: String) -> OAuthProvider? { value(name).flatMap { OAuthProvider(exactly: $0) } }

    /// The confirmation to show, if the URL names one.
    var notice: Notice? { value("notice").flatMap { Notice(exactly: $0) } }

    /// The value of a field or parameter by its name; nil when it is missing, or occurs several times in a query.
    func value(_ name: String) -> String? {
        let values = fields.values(name)
        return values.count == 1 ? values[0] : nil
    }
}
