import HTTPTypes
import Hummingbird
import Shared

/// The headers of OWASP "REST Security" for every response, unless the handler has set them, and those of CORS.
struct ResponseHeaders: Sendable {
    private let fields: [HTTPField]
    private let cors: CORSPolicy?

    /// Creates the headers.
    ///
    /// - Parameters:
    ///   - isSecure: whether browsers reach the site over TLS; adds HSTS.
    ///   - cors: the other origins that may read responses; nil for none.
    init(isSecure: Bool, cors: CORSPolicy?) {
        let always: [HTTPField] = [
            .init(name: .cacheControl, value: "no-store"),
            .init(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
            .init(name: .xContentTypeOptions, value: "nosniff"),
            .init(name: .referrerPolicy, value: "no-referrer"),
        ]
        fields = isSecure ? always + [.init(name: .strictTransportSecurity, value: "max-age=31536000")] : always
        self.cors = cors
    }

    /// The response to a preflight request; nil for anything else.
    func preflight(_ request: Request) -> Response? { cors?.preflight(request) }

    /// Adds the headers to a response.
    func complete(_ response: inout Response, to request: Request) {
        for field in fields where !response.headers.contains(field.name) { response.headers.append(field) }
        cors?.mark(&response, to: request)
    }
}

extension HTTPField.Name {
    /// The content of `Referer` (W3C Referrer Policy).
    static let referrerPolicy = HTTPField.Name(validated: "Referrer-Policy")
}
