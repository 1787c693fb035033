import Testing

@testable import AuthAPI

extension Finding {
    /// The one finding of the doctor on a subject.
    static func only(_ subject: String, in findings: [Finding]) throws -> Finding {
        let found = findings.filter { $0.subject == subject }
        try #require(found.count == 1, "\(findings)")
        return found[0]
    }
}
