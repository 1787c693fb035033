import Foundation

extension TestPostgres {
    /// Runs `body` with a server that also listens on 127.0.0.1, with TLS and without a password.
    ///
    /// Its certificate is signed by `root.crt` beside the data; `other.crt` is an authority that signed nothing.
    static func withTLS<Value>(_ body: (TestPostgres) async throws -> Value) async throws -> Value {
        try await with(
            settings: [
                "listen_addresses": "127.0.0.1", "ssl": "on", "ssl_cert_file": "server.crt",
                "ssl_key_file": "server.key",
            ],
            prepare: { _ = try await TestCertificates(in: $0.data) },
            body
        )
    }
}
