import HTTPTypes
import Hummingbird
import Shared

/// The headers of OWASP "REST Security" for every answer, where the handler has not set its own, and those of CORS.
struct ResponseHeaders: Sendable {
    private let fields: [HTTPField]
    private let cors: CORSPolicy?

    /// Makes the headers.
    ///
    /// - Parameters:
    ///   - isSecure: whether browsers reach the site through TLS, so that they may be told to insist on it.
    ///   - cors: which other origins may read the answers; nil for none.
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

    /// The answer to a browser that asks before it sends a request from another origin; nil for anything else.
    func preflight(_ request: Request) -> Response? { cors?.preflight(request) }

    /// Puts the headers on an answer.
    func complete(_ response: inout Response, to request: Request) {
        for field in fields where !response.headers.contains(field.name) { response.headers.append(field) }
        cors?.mark(&response, to: request)
    }
}

extension HTTPField.Name {
    /// What browsers send along in `Referer` (W3C Referrer Policy).
    static let referrerPolicy = HTTPField.Name(validated: "Referrer-Policy")
}
