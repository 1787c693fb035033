import Foundation

extension TestPostgres {
    /// Runs `body` with a server that also listens on 127.0.0.1, where it offers TLS and asks for no password.
    ///
    /// Its certificate is signed by `root.crt` beside the data; `other.crt` is an authority that signed nothing.
    static func withTLS<Value>(_ body: (TestPostgres) async throws -> Value) async throws -> Value {
        try await with(
            settings: [
                "listen_addresses": "127.0.0.1", "ssl": "on", "ssl_cert_file": "server.crt",
                "ssl_key_file": "server.key",
            ],
            prepare: { try await makeCertificates($0) },
            body
        )
    }

    /// An authority, a server certificate for 127.0.0.1 signed by it, and an authority that signed nothing.
    fileprivate static func makeCertificates(_ server: TestPostgres) async throws {
        func path(_ name: String) -> String { server.data.appending(path: name).path() }
        for root in ["root", "other"] {
            try await TestCommand.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=test \(root)", "-keyout", path("\(root).key"), "-out", path("\(root).crt"),
            ])
        }
        try await TestCommand.run([
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=127.0.0.1", "-keyout", path("server.key"), "-out", path("server.csr"),
        ])
        try server.write("subjectAltName = IP:127.0.0.1\n", to: "names")
        try await TestCommand.run([
            "openssl", "x509", "-req", "-in", path("server.csr"), "-CA", path("root.crt"), "-CAkey", path("root.key"),
            "-CAcreateserial", "-days", "2", "-extfile", path("names"), "-out", path("server.crt"),
        ])
    }
}
