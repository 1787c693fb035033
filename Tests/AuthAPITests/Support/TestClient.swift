import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import Shared
import Testing

@testable import AuthAPI

/// A browser from the API's point of view: it stores cookies, and follows no redirects.
final class TestClient: Sendable {
    private static let http = HTTPClient(
        eventLoopGroupProvider: .singleton,
        configuration: .init(redirectConfiguration: .disallow)
    )

    private let api: TestAPI
    private let jar = Locked<[RequestCookie]>([])

    init(api: TestAPI) { self.api = api }

    /// The value of the session cookie.
    var token: String? { cookies.first { $0.name.hasSuffix("access_token") }?.value }

    /// The cookies, oldest first, as browsers send them (RFC 6265, section 5.4).
    var cookies: [RequestCookie] { jar.value }

    /// The names of the cookies of flows in progress.
    var flows: [String] { cookies.map(\.name).filter { $0.contains("oauth_flow_") } }

    /// Stores a cookie, or deletes it if the value is empty.
    func keep(_ cookie: RequestCookie) {
        jar.update { jar in
            if let index = jar.firstIndex(where: { $0.name == cookie.name }), !cookie.value.isEmpty {
                jar[index] = cookie
            } else {
                jar.removeAll { $0.name == cookie.name }
                if !cookie.value.isEmpty { jar.append(cookie) }
            }
        }
    }

    /// Another browser with the same cookies.
    func copy() -> TestClient {
        let copy = TestClient(api: api)
        for cookie in cookies { copy.keep(cookie) }
        return copy
    }

    /// Sends a JSON object.
    func post(
        _ path: String,
        _ body: [String: String],
        headers: [(String, String)] = []
    ) async throws -> TestResponse {
        try await send("POST", path, headers: headers, json: try JSONEncoder().encode(body))
    }

    /// Sends a JSON text unchanged.
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

    /// Sends a request, validates the response by the OpenAPI document, and stores its cookies.
    func send(
        _ method: String,
        _ path: String,
        headers: [(String, String)] = [],
        body: Data? = nil
    ) async throws -> TestResponse {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(api.port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !cookies.isEmpty, !request.headers.contains(name: "Cookie") {
            let pairs = cookies.map { "\($0.name)=\($0.value)" }
            request.headers.add(name: "Cookie", value: pairs.joined(separator: "; "))
        }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let received = try await Self.http.execute(request, timeout: .seconds(120))
        let bytes = try await received.body.collect(upTo: 4 * 1024 * 1024)
        let response = TestResponse(
            status: Int(received.status.code),
            headers: received.headers,
            body: Data(bytes.readableBytesView)
        )
        for cookie in response.all("Set-Cookie") {
            let pair = cookie.prefix { $0 != ";" }
            let name = String(pair.prefix { $0 != "=" })
            let value = cookie.contains("; Max-Age=0;") ? "" : String(pair.dropFirst(name.count + 1))
            keep(RequestCookie(name: name, value: value))
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

/// A complete response.
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
