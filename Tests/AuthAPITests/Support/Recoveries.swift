import Foundation
import Shared
import Testing

@testable import AuthAPI

extension TestAPI {
    /// Creates a link for `ada@example.com`; returns its code.
    func recoveryCode(validFor seconds: Int = 3600, keepingProviders: Bool = false) async throws -> String {
        let ada = try #require(UserReference("ada@example.com"))
        let made = try await Operators(database: database).run { service in
            let found = try #require(try await service.recoverable(ada))
            return try await service.recover(found.user, validFor: seconds, keepingProviders: keepingProviders)
        }
        let link = try #require(made?.link)
        let code = try #require(link.split(separator: "=").last)
        #expect(link == "http://localhost:8080/recover#code=\(code)" && code.utf8.count == 22)
        return String(code)
    }

    /// Sets a password with a code, from a browser without cookies.
    func recover(
        _ code: String,
        password: String = "Battery-Staple-8",
        from address: String = "203.0.113.7"
    ) async throws -> TestResponse {
        try await client().post(
            APIPath.recover,
            ["code": code, "password": password],
            headers: [("X-Real-IP", address)]
        )
    }
}

/// Expects the one response to every code that is not valid.
func expectInvalidRecovery(_ response: TestResponse, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(response.status == 403, sourceLocation: sourceLocation)
    let problem = try response.problem
    #expect(problem.code == .invalidRecoveryCode, sourceLocation: sourceLocation)
    let detail = "The link is not valid: it was used, has expired or was replaced by a newer one."
    #expect(problem.detail == detail && problem.errors.isEmpty, sourceLocation: sourceLocation)
}
