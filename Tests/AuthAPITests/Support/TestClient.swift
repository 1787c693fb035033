import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Shared
import Testing

@testable import AuthAPI

/// A browser as far as the API can tell: it keeps the cookie that the API sets.
final class TestClient: Sendable {
    private let api: TestAPI
    private let stored = Locked<String?>(nil)

    init(api: TestAPI) { self.api = api }

    /// The value of the session cookie.
    var token: String? { stored.value?.split(separator: "=", maxSplits: 1).last.map(String.init) }

    /// Sends a JSON object.
    func post(
        _ path: String,
        _ body: [String: String],
        headers: [(String, String)] = []
    ) async throws -> TestResponse {
        try await send("POST", path, headers: headers, json: try JSONEncoder().encode(body))
    }

    /// Sends a JSON text as it is.
    func post(_ path: String, json: String, headers: [(String, String)] = []) async throws -> TestResponse {
        try await send("POST", path, headers: headers, json: Data(json.utf8))
    }

    func get(_ path: String, headers: [(String, String)] = []) async throws -> TestResponse {
        try await send("GET", path, headers: headers)
    }

    func delete(_ path: String, headers: [(String, String)] = []) async throws -> TestResponse {
        try await send("DELETE", path, headers: headers)
    }

    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        json: Data
    ) async throws -> TestResponse {
        try await send(method, path, headers: [("Content-Type", "application/json")] + headers, body: json)
    }

    /// Sends a request, checks the answer against the OpenAPI document, and keeps its cookie.
    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: Data? = nil
    ) async throws -> TestResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(api.port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let cookie = stored.value, !request.headers.contains(name: "Cookie") {
            request.headers.add(name: "Cookie", value: cookie)
        }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let bytes = try await answer.body.collect(upTo: 4 * 1024 * 1024)
        let response = TestResponse(
            status: Int(answer.status.code),
            headers: answer.headers,
            body: Data(bytes.readableBytesView)
        )
        for cookie in response.all("Set-Cookie") where cookie.contains("access_token=") {
            let pair = String(cookie.prefix { $0 != ";" })
            stored.update { $0 = cookie.contains("Max-Age=0") ? nil : pair }
        }
        if let known = HTTPRequest.Method(method) {
            OpenAPIValidator.check(
                known,
                path,
                status: .init(code: response.status),
                headers: HTTPFields(response.headers, splitCookie: false),
                body: response.body
            )
        }
        return response
    }
}

/// An answer, read whole.
struct TestResponse: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    /// The first value of a header.
    func header(_ name: String) -> String? { headers.first(name: name) }

    /// Every value of a header.
    func all(_ name: String) -> [String] { headers[name] }

    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a message of the API.
    func decoded<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Body.self, from: body)
    }

    /// The body as a problem document.
    var problem: Problem {
        get throws { try decoded() }
    }

    /// The field errors of a problem document as `field code`, in their order.
    var fieldCodes: [String] {
        get throws { try problem.errors.map { "\($0.field) \($0.code.rawValue)" } }
    }
}
