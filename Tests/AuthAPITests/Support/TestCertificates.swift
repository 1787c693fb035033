import Foundation
import NIOSSL

/// A certificate for 127.0.0.1 (`server.crt`, `server.key`), signed by `root.crt`; `other.crt` is an authority that signed
/// nothing.
struct TestCertificates: Sendable {
    /// The folder with the files.
    let folder: URL

    /// Creates the files in an existing folder.
    init(in folder: URL) async throws {
        self.folder = folder
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
        try Data("subjectAltName = IP:127.0.0.1\n".utf8).write(to: folder.appending(path: "names"))
        try await TestCommand.run([
            "openssl", "x509", "-req", "-in", path("server.csr"), "-CA", path("root.crt"), "-CAkey", path("root.key"),
            "-CAcreateserial", "-days", "2", "-extfile", path("names"), "-out", path("server.crt"),
        ])
    }

    /// Runs `body` with files in a folder that is removed afterwards.
    static func with(_ body: (TestCertificates) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(TestCertificates(in: folder))
    }

    /// The path of a file.
    func path(_ name: String) -> String { folder.appending(path: name).path() }

    /// The settings of a server with the certificate.
    func serverConfiguration() throws -> TLSConfiguration {
        TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path("server.crt")).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path("server.key"), format: .pem))
        )
    }
}
