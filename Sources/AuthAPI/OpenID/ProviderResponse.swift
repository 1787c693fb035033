import FoundationEssentials
import Shared

/// A complete response of a provider.
struct ProviderResponse: Sendable {
    /// The maximum length of a key in a JSON object, in bytes.
    private static let maximumKeyLength = 256

    let status: Int
    /// Whether the provider limits requests, so that a retry can succeed.
    let isRateLimited: Bool
    /// The values of the header; more than one counts as none.
    let contentTypes: [String]
    /// The time of the provider's clock (RFC 9110, section 6.6.1).
    let date: String?
    let body: [UInt8]

    /// Whether the content type is JSON; a page of a captive portal or proxy has another one.
    var isJSON: Bool {
        guard contentTypes.count == 1 else { return false }
        let type = String(
            decoding: contentTypes[0].utf8.prefix { $0 != UInt8(ascii: ";") }
                .filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") },
            as: UTF8.self
        )
        // RFC 7517, section 8.5.2, defines a separate type for key sets.
        return type.isCaseless("application/json") || type.isCaseless("application/jwk-set+json")
    }

    /// The error for a status other than 200.
    var failure: ProviderError {
        if isRateLimited { return ProviderError(.providerUnavailable, "the provider limits requests (429 or 403)") }
        return switch status {
        case ..<300: ProviderError(.providerError, "the provider responded with another status than 200")
        case 300...399:
            ProviderError(.providerError, "the provider sent an unexpected redirect; redirects are not followed")
        case 500...599: ProviderError(.providerUnavailable, "the provider has an internal error (5xx)")
        default: ProviderError(.providerError, "the provider rejected the request (4xx)")
        }
    }

    /// Decodes the body.
    ///
    /// - Throws: ``ProviderError`` when it is not JSON of the expected form.
    func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws(ProviderError) -> Body {
        guard let scan = JSONKeyScan(body), scan.longest <= Self.maximumKeyLength,
            let decoded = try? JSONDecoder().decode(Body.self, from: Data(body))
        else { throw ProviderError(.providerError, "the provider's response is not the expected JSON") }
        return decoded
    }
}
