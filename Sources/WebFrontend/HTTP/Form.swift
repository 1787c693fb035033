import HTTPTypes
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
        guard let header = request.headers[.contentType], let type = MediaType(from: header),
            type.isType(.applicationUrlEncoded)
        else {
            throw APIError(.unsupportedMediaType, detail: "The body must be application/x-www-form-urlencoded.")
        }
        let body = try await request.boundedBody(within: deadline)
        fields = try Self.unambiguous(body.readableBytesView)
    }

    /// Parses the query of a URL; a malformed one counts as empty, so that a link does not fail on fields it does not need.
    init(query request: Request) {
        fields = (try? Self.unambiguous((request.uri.query ?? "").utf8)) ?? FormFields()
    }

    private static func unambiguous(_ bytes: some Collection<UInt8>) throws(APIError) -> FormFields {
        let fields = try FormFields(reading: bytes)
        if fields.hasDuplicates { throw APIError(.malformedRequest, detail: "A field is given twice.") }
        return fields
    }

    /// The value of a field, as typed.
    subscript(name: String) -> String { fields[name] ?? "" }

    /// The typed email address, cleaned by the same rule as in the API, so that invisible characters are not shown again.
    var email: String { EmailAddress.cleaned(self[FormField.email.rawValue]) }

    /// The language that a button of the form selects instead of sending the form.
    var language: SiteLanguage? { fields["language"].flatMap { SiteLanguage(exactly: $0) } }

    /// The page to return to, if the form names one of this site.
    var returnTo: ReturnPath? { fields["return_to"].flatMap { ReturnPath($0) } }

    /// The provider in a field.
    func provider(_ name: String) -> OAuthProvider? { fields[name].flatMap { OAuthProvider(exactly: $0) } }

    /// The confirmation to show, if the URL names one.
    var notice: Notice? { fields["notice"].flatMap { Notice(exactly: $0) } }
}
