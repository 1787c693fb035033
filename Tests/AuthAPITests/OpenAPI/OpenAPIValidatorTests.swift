import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A15: The validator rejects responses that the document does not allow.
@Suite struct OpenAPIValidatorTests {
    private static let requestID = "0123456789abcdef"
    private static let user = """
        {"id":"3f2c1e9a-7a4e-4f0c-9b55-2f1d7a0c8e41","email":"a@example.com","name":"A","avatar_url":null}
        """

    private static func problem(_ code: String, _ status: Int, requestID: String = requestID) -> String {
        """
        {"type":"about:blank","title":"T","status":\(status),"detail":"D","code":"\(code)","errors":[],\
        "request_id":"\(requestID)"}
        """
    }

    private static func violations(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ status: Int,
        _ body: String = "",
        type: String? = "application/json",
        headers: HTTPFields = [:]
    ) throws -> [String] {
        var headers = headers
        headers[HTTPField.Name.requestID] = requestID
        headers[.contentType] = type
        return try OpenAPIValidator.shared.get()
            .violations(method: method, path: path, status: status, headers: headers, body: Array(body.utf8))
    }

    @Test func acceptsWhatIsDocumented() throws {
        #expect(try Self.violations(.get, "/api/auth/me", 200, Self.user) == [])
        #expect(try Self.violations(.get, "/api/auth/me?x=1", 200, Self.user) == [])
        #expect(
            try Self.violations(.get, "/api/auth/me", 200, Self.user, type: "application/json; charset=utf-8") == []
        )
        #expect(try Self.violations(.head, "/api/auth/me", 200) == [])
        #expect(
            try Self.violations(
                .get,
                "/api/auth/me",
                401,
                Self.problem("unauthenticated", 401),
                type: "application/problem+json",
                headers: [.wwwAuthenticate: "Bearer"]
            ) == []
        )
        #expect(
            try Self.violations(
                .post,
                "/api/auth/logout",
                204,
                type: nil,
                headers: [.setCookie: "access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"]
            ) == []
        )
        #expect(try Self.violations(.get, "/docs/style.css", 200, "a{}", type: "text/css") == [])
    }

    @Test func acceptsUnknownPathsAndMethodsOnlyWithTheirErrors() throws {
        let type = "application/problem+json"
        #expect(try Self.violations(.get, "/nowhere", 404, Self.problem("not_found", 404), type: type) == [])
        #expect(try Self.violations(.get, "/nowhere", 200, Self.user) != [])
        let notAllowed = Self.problem("method_not_allowed", 405)
        #expect(try Self.violations(.put, "/api/auth/me", 405, notAllowed, type: type, headers: [.allow: "GET"]) == [])
        #expect(try Self.violations(.put, "/api/auth/me", 405, notAllowed, type: type) != [])
        #expect(try Self.violations(.put, "/api/auth/me", 404, Self.problem("not_found", 404), type: type) != [])
        let crossSite = Self.problem("cross_site_request", 403)
        #expect(try Self.violations(.put, "/api/auth/me", 403, crossSite, type: type) == [])
        #expect(try Self.violations(.get, "/nowhere", 403, crossSite, type: type) != [])
        let preflight: HTTPFields = [.accessControlAllowMethods: "GET"]
        #expect(try Self.violations(.options, "/api/auth/me", 204, type: nil, headers: preflight) == [])
        #expect(try Self.violations(.options, "/api/auth/me", 200, "x", type: nil, headers: preflight) != [])
    }

    /// Each body differs from a documented one in one detail.
    @Test(arguments: [
        "", "{}", "[]", "null", "not JSON",
        user.replacingOccurrences(of: "null", with: "7"),
        user.replacingOccurrences(of: "null", with: "\"no address\""),
        user.replacingOccurrences(of: "\"name\":\"A\"", with: "\"name\":\"\""),
        user.replacingOccurrences(of: "\"name\":\"A\"", with: "\"name\":null"),
        user.replacingOccurrences(of: "\"A\"", with: "\"\(String(repeating: "a", count: 201))\""),
        user.replacingOccurrences(of: "\"name\":\"A\",", with: ""),
        user.replacingOccurrences(of: "\"name\":\"A\"", with: "\"name\":\"A\",\"password_hash\":\"x\""),
        user.replacingOccurrences(of: "\"name\":\"A\"", with: "\"name\":\"A\",\"name\":\"B\""),
        user.replacingOccurrences(of: "3f2c1e9a", with: "3F2C1E9A"),
        user.replacingOccurrences(of: "a@example.com", with: "example.com"),
    ])
    func rejectsInvalidBodies(body: String) throws {
        #expect(try Self.violations(.get, "/api/auth/me", 200, body) != [])
    }

    /// Problems with a code of another status, another request's identifier, an unknown code, or the wrong type.
    @Test func rejectsInvalidProblems() throws {
        let type = "application/problem+json"
        let bearer: HTTPFields = [.wwwAuthenticate: "Bearer"]
        func violations(_ body: String, type: String = type, headers: HTTPFields = bearer) throws -> [String] {
            try Self.violations(.get, "/api/auth/me", 401, body, type: type, headers: headers)
        }
        #expect(try violations(Self.problem("unauthenticated", 401)) == [])
        #expect(try violations(Self.problem("invalid_credentials", 401)) != [])
        #expect(try violations(Self.problem("unheard_of", 401)) != [])
        #expect(try violations(Self.problem("unauthenticated", 400)) != [])
        #expect(try violations(Self.problem("unauthenticated", 401, requestID: "fedcba9876543210")) != [])
        #expect(try violations(Self.problem("unauthenticated", 401), type: "application/json") != [])
        #expect(try violations(Self.problem("unauthenticated", 401), headers: [:]) != [])
        #expect(try violations(Self.problem("unauthenticated", 401), headers: [.wwwAuthenticate: "Basic"]) != [])
    }

    @Test func rejectsUndocumentedStatusesMissingHeadersAndUnexpectedBodies() throws {
        #expect(try Self.violations(.get, "/api/auth/me", 418, Self.user) != [])
        #expect(try Self.violations(.get, "/api/auth/me", 201, Self.user) != [])
        #expect(try Self.violations(.post, "/api/auth/login", 200, Self.user) != [])
        let cookie: HTTPFields = [.setCookie: "access_token=a.b-c_d; Max-Age=604800; Path=/"]
        #expect(try Self.violations(.post, "/api/auth/login", 200, Self.user, headers: cookie) == [])
        #expect(try Self.violations(.post, "/api/auth/logout", 204, type: nil, headers: cookie) != [])
        let gone: HTTPFields = [.setCookie: "access_token=; Max-Age=0; Path=/"]
        #expect(try Self.violations(.post, "/api/auth/logout", 204, "x", type: nil, headers: gone) != [])
        let busy = Self.problem("overloaded", 503)
        let type = "application/problem+json"
        #expect(try Self.violations(.post, "/api/auth/login", 503, busy, type: type) != [])
        for (value, isFine) in [("1", true), ("0", false), ("soon", false)] {
            let found = try Self.violations(
                .post,
                "/api/auth/login",
                503,
                busy,
                type: type,
                headers: [.retryAfter: value]
            )
            #expect(found.isEmpty == isFine)
        }
    }

    /// An unchecked keyword is a violation.
    @Test func rejectsUnsupportedSchemas() throws {
        let schema = try JSONValue(parsing: Array(#"{"multipleOf":2}"#.utf8))
        let validator = JSONSchemaValidator(document: OpenAPIDocument(root: .null))
        #expect(validator.violations(of: .number(2), against: schema) != [])
        let dangling = try JSONValue(parsing: Array(##"{"$ref":"#/components/schemas/None"}"##.utf8))
        #expect(validator.violations(of: .number(2), against: dangling) != [])
    }

    /// The keywords that the document does not use today, but may.
    @Test(arguments: [
        (#"{"oneOf":[{"const":1},{"type":"integer"}]}"#, "2", "1"),
        (#"{"anyOf":[{"const":1},{"type":"string"}]}"#, #""x""#, "2"),
        (#"{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2}"#, "[1,2]", "[1,2,3]"),
        (#"{"type":"array","items":{"type":"integer"},"minItems":1}"#, "[1]", "[]"),
        (#"{"type":"array","items":{"type":"integer"}}"#, "[]", #"["1"]"#),
        (#"{"type":"integer","maximum":3}"#, "3", "4"),
        (#"{"type":"integer"}"#, "3", "3.5"),
        (#"{"type":["boolean","null"]}"#, "null", "0"),
        (#"{"type":"string","format":"date-time"}"#, #""2026-11-23T08:30:00Z""#, #""2026-11-23 08:30:00""#),
        (#"{"type":"string","maxLength":1}"#, #""\ud83d\udd10""#, #""e\u0301""#),
    ])
    func checksEachKeyword(schema: String, good: String, bad: String) throws {
        let validator = JSONSchemaValidator(document: OpenAPIDocument(root: .null))
        let schema = try JSONValue(parsing: Array(schema.utf8))
        #expect(try validator.violations(of: JSONValue(parsing: Array(good.utf8)), against: schema) == [])
        #expect(try validator.violations(of: JSONValue(parsing: Array(bad.utf8)), against: schema) != [])
    }
}
