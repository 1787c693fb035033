import Hummingbird
import Shared

/// The authorization response: the query of the callback URL (RFC 6749, section 4.1.2).
struct CallbackQuery: Sendable {
    /// The maximum size of the query, in bytes.
    static let maximumLength = 8192
    /// The maximum size of a code, in bytes; codes of Google have about 75, of Discord 30, of GitHub 20, and encrypted ones
    /// of Azure AD B2C more than 4096.
    static let maximumCodeLength = 7168

    /// The `state`, if there is exactly one and it has the form of this site's.
    let state: String?
    /// The `iss` (RFC 9207), if there is exactly one.
    let issuer: String?

    /// Whether it has a code and no error.
    var hasCode: Bool { (try? code()) != nil }

    private let codes: [String]
    private let errors: [String]
    private let isAmbiguous: Bool

    init(_ request: Request) {
        guard (request.uri.query ?? "").utf8.count <= Self.maximumLength else {
            self.init(states: [], codes: [], errors: [], issuers: [])
            return
        }
        let parameters = FormFields(query: request)
        self.init(
            states: parameters.values("state"),
            codes: parameters.values("code"),
            errors: parameters.values("error"),
            issuers: parameters.values("iss")
        )
    }

    private init(states: [String], codes: [String], errors: [String], issuers: [String]) {
        state = states.count == 1 ? states.first.flatMap(Self.state) : nil
        issuer = issuers.first
        self.codes = codes
        self.errors = errors
        isAmbiguous = [states, codes, errors, issuers].contains { $0.count > 1 }
    }

    /// Rejects a response with a repeated parameter (RFC 6749, section 3.1).
    ///
    /// - Throws: ``ProviderError`` with `provider_error`.
    func checkUnambiguous() throws(ProviderError) {
        if isAmbiguous { throw ProviderError(.providerError, "a parameter of the callback occurs twice") }
    }

    /// The authorization code.
    ///
    /// - Throws: ``ProviderError`` for an error response (RFC 6749, section 4.1.2.1). The error is from a closed list;
    ///   text of the provider is never passed on.
    func code() throws(ProviderError) -> Secret {
        if let error = errors.first {
            throw AuthorizationFault(caseless: error)?.flowError
                ?? ProviderError(
                    .providerError,
                    "the provider returned another error",
                    providerError: LogExcerpt(errorCode: error)
                )
        }
        guard let code = codes.first, !code.isEmpty else {
            throw ProviderError(.providerError, "the callback has neither code nor error")
        }
        guard code.utf8.count <= Self.maximumCodeLength, code.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw ProviderError(.providerError, "the code is malformed (RFC 6749, appendix A.11)")
        }
        return Secret(code)
    }

    /// The code, unless a parameter is repeated.
    ///
    /// - Throws: ``ProviderError``.
    func unambiguousCode() throws(ProviderError) -> Secret {
        try checkUnambiguous()
        return try code()
    }

    private static func state(_ text: String) -> String? {
        let isOurs =
            text.utf8.count == Base64URL.lengthOf256Bits
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-_".utf8.contains($0) }
        return isOurs ? text : nil
    }
}

/// The error codes (RFC 6749, section 4.1.2.1; LinkedIn, "Authorization Code Flow") that are handled differently.
///
/// LINE documents its codes in upper case (LINE, "Integrating LINE Login with your web app", "Error codes").
private enum AuthorizationFault: String, CaseIterable {
    case accessDenied = "access_denied"
    case cancelledLogin = "user_cancelled_login"
    case cancelledAuthorization = "user_cancelled_authorize"
    case temporarilyUnavailable = "temporarily_unavailable"
    case serverError = "server_error"

    init?(caseless text: String) {
        let found = Self.allCases.first { fault in
            text.utf8.count == fault.rawValue.utf8.count && text.utf8.startsCaseless(with: fault.rawValue)
        }
        guard let found else { return nil }
        self = found
    }

    var flowError: ProviderError {
        switch self {
        case .accessDenied: ProviderError(.accessDenied, "the provider returned access_denied")
        case .cancelledLogin, .cancelledAuthorization:
            ProviderError(.accessDenied, "the provider returned an error like access_denied")
        case .temporarilyUnavailable:
            ProviderError(.providerUnavailable, "the provider returned temporarily_unavailable")
        case .serverError: ProviderError(.providerUnavailable, "the provider returned server_error")
        }
    }
}
