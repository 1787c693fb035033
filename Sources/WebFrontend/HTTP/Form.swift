import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The fields that a browser sent, from a form or from a query; a field that is not there counts as empty.
struct Form: Sendable {
    private let fields: FormFields

    /// Makes a form by hand.
    init(_ fields: KeyValuePairs<String, String> = [:]) {
        self.fields = FormFields(fields.map { (name: $0.key, value: $0.value) })
    }

    /// Reads the body of a posted form.
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

    /// Reads the query of an address; a broken one counts as empty, for a link must not fail on what it does not need.
    init(query request: Request) {
        fields = (try? Self.unambiguous((request.uri.query ?? "").utf8)) ?? FormFields()
    }

    private static func unambiguous(_ bytes: some Collection<UInt8>) throws(APIError) -> FormFields {
        let fields = try FormFields(reading: bytes)
        if fields.hasDuplicates { throw APIError(.malformedRequest, detail: "A field is given twice.") }
        return fields
    }

    /// The value of a field as it was typed.
    subscript(name: String) -> String { fields[name] ?? "" }

    /// The address that was typed, cleaned by the rule that the API has too: nobody is shown again what they cannot see.
    var email: String { EmailAddress.cleaned(self[FormField.email.rawValue]) }

    /// The language that a button of the form asks for, instead of sending the form.
    var language: SiteLanguage? { fields["language"].flatMap { SiteLanguage(exactly: $0) } }

    /// The page to return to, when the form names one of this site.
    var returnTo: ReturnPath? { fields["return_to"].flatMap { ReturnPath($0) } }

    /// The provider that a field names.
    func provider(_ name: String) -> OAuthProvider? { fields[name].flatMap { OAuthProvider(exactly: $0) } }

    /// The confirmation to show, when the address names one.
    var notice: Notice? { fields["notice"].flatMap { Notice(exactly: $0) } }
}
