import Foundation
import Testing

@testable import Shared

/// N5: nginx limits all requests that check or set a password.
@Suite struct CredentialPathTests {
    @Test func nginxHasTheSameList() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docker/nginx/credential-paths.conf").standardizedFileURL
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
        let expected = (CredentialPath.api + CredentialPath.pages).map { #""~^POST \#($0)/?$" $client_network;"# }
        #expect(lines.map(String.init) == expected)
    }
}
