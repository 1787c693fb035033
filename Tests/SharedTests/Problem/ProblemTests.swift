import Foundation
import Shared
import Testing

/// A16: Error responses.
@Suite struct ProblemTests {
    @Test("A problem document has the members of RFC 9457 and the API's extensions")
    func members() throws {
        let error = APIError.invalidFields([FieldError(field: "email", code: .required, detail: "Enter it.")])
        let data = try JSONEncoder().encode(Problem(error, requestID: "r1"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(object.keys) == ["type", "title", "status", "detail", "code", "errors", "request_id"])
        #expect(object["status"] as? Int == 422)
        #expect(object["code"] as? String == "invalid_fields")
        #expect(object["detail"] is String)
        #expect(object["request_id"] as? String == "r1")
        #expect(try JSONDecoder().decode(Problem.self, from: data) == Problem(error, requestID: "r1"))
    }

    @Test("Every code has an error status and a title", arguments: APIErrorCode.allCases)
    func codes(code: APIErrorCode) {
        #expect((400..<600).contains(code.status))
        #expect(!code.title.isEmpty)
    }

    @Test("No document contains the private cause")
    func cause() throws {
        struct Cause: Error { let text = "hush-hush" }
        let problem = Problem(APIError(.internalError, cause: Cause()), requestID: "r1")
        #expect(!String(decoding: try JSONEncoder().encode(problem), as: UTF8.self).contains("hush"))
    }
}
