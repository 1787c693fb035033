import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A16: Invalid input gets a problem document that names the fault, and never a 500.
@Suite struct BadRequestTests {
    /// The paths that accept a body, with valid fields for each.
    private static let bodies: [(path: String, fields: [String: String])] = [
        (APIPath.register, ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]),
        (APIPath.login, ["email": "ada@example.com", "password": "Correct-Horse-7"]),
    ]

    private func json(_ fields: [String: String]) -> String {
        "{" + fields.map { "\"\($0.key)\":\"\($0.value)\"" }.sorted().joined(separator: ",") + "}"
    }

    @Test("A body that is not a JSON object gets 400")
    func malformed() async throws {
        let texts = [
            "", " ", "{", "}", "null", "[]", "\"text\"", "1", "true", "{]", "{'email':'x'}", "{\"email\":}",
            "{\"email\":\"x\"} trailing", "{\"email\":\"x\",}", "<xml/>", "email=ada&password=x", "\u{FEFF}",
            "{\"a\":\"b\u{0}\"}", "{\"a\":\"b\nc\"}", "{\"a\":1e999999}x",
            String(repeating: "[", count: 10_000), "{\"a\":" + String(repeating: "{\"a\":", count: 5000),
            String(repeating: "{\"a\":", count: 3000) + "1" + String(repeating: "}", count: 3000),
        ]
        try await TestAPI.with { api in
            for (path, _) in Self.bodies {
                for text in texts {
                    let response = try await api.client().post(path, json: text)
                    #expect(response.status == 400, "\(text.prefix(40))")
                    #expect(try response.problem.code == .malformedRequest)
                }
                let notUTF8 = Data([0x7B, 0x22, 0x61, 0x22, 0x3A, 0x22, 0xFF, 0xFE, 0x22, 0x7D])
                #expect(try await api.client().send("POST", path, json: notUTF8).status == 400)
            }
        }
    }

    // RFC 8259, section 4: parsers differ on which of two keys counts.
    @Test("A duplicate key gets 400, however it is escaped")
    func duplicateKeys() async throws {
        try await TestAPI.with { api in
            for (path, fields) in Self.bodies {
                let rest = json(fields).dropFirst()
                for key in ["email", "\\u0065mail", "em\\u0061il"] {
                    let response = try await api.client().post(path, json: "{\"\(key)\":\"eve@example.com\",\(rest)")
                    #expect(response.status == 400)
                    #expect(try response.problem.detail.contains("duplicate"))
                }
            }
        }
    }

    @Test("A key of many combining characters is rejected quickly")
    func hostileKey() async throws {
        let key = "a" + String(repeating: "\u{301}\u{323}", count: 10_000)
        try await TestAPI.with { api in
            let response = try await api.client().post(APIPath.login, json: "{\"\(key)\":1}")
            #expect(response.status == 400)
        }
    }

    // The decoder creates an error for each value that is not a string.
    @Test("A body with too many keys is rejected before it is decoded")
    func manyKeys() async throws {
        try await TestAPI.with { api in
            for (path, _) in Self.bodies {
                for (count, status) in [(JSONBody.maximumKeyCount, 422), (JSONBody.maximumKeyCount + 1, 400)] {
                    let body = "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
                    let response = try await api.client().post(path, json: body)
                    #expect(response.status == status)
                }
            }
        }
    }

    @Test("A field that is missing, null, of another type or unknown is named")
    func shapes() async throws {
        try await TestAPI.with { api in
            for (path, fields) in Self.bodies {
                for field in fields.keys {
                    var others = fields
                    others[field] = nil
                    let missing = try await api.client().post(path, json: json(others))
                    #expect(missing.status == 422)
                    #expect(try missing.fieldCodes == ["\(field) required"])
                    let rest = json(others).dropFirst()
                    let null = try await api.client().post(path, json: "{\"\(field)\":null,\(rest)")
                    #expect(try null.fieldCodes == ["\(field) required"])
                    for value in [
                        "1", "1.5", "true", "[]", "[\"ada@example.com\"]", "{}", "{\"$ne\":\"\"}", "\"\\uD800\"",
                    ] {
                        let wrong = try await api.client().post(path, json: "{\"\(field)\":\(value),\(rest)")
                        #expect(wrong.status == 422)
                        #expect(try wrong.fieldCodes == ["\(field) wrong_type"])
                    }
                }
                let unknown = try await api.client().post(path, fields.merging(["is_admin": "true"]) { $1 })
                #expect(unknown.status == 422)
                #expect(try unknown.fieldCodes == ["is_admin unknown_field"])
            }
        }
    }

    // A14: A page of another site can send text/plain and forms without a preflight request.
    @Test("A body of another media type gets 415")
    func mediaTypes() async throws {
        try await TestAPI.with { api in
            for (path, fields) in Self.bodies {
                let body = Data(json(fields).utf8)
                for type in [
                    nil, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json",
                    "text/json", "*/*", "any/json", "application/json, text/plain", "application/json-seq",
                ] {
                    let headers = type.map { [("Content-Type", $0)] } ?? []
                    let response = try await api.client().send("POST", path, headers: headers, body: body)
                    #expect(response.status == 415, "\(type ?? "none")")
                    #expect(try response.problem.code == .unsupportedMediaType)
                }
                for type in [
                    "application/json; charset=utf-8", "APPLICATION/JSON", "application/json ; charset=utf-8",
                    "application/json\t;charset=\"utf-8\"", "application/json;;charset=utf-8", "application/json;",
                ] {
                    let response = try await api.client().send(
                        "POST",
                        path,
                        headers: [("Content-Type", type)],
                        body: Data("{}".utf8)
                    )
                    #expect(response.status == 422)
                }
            }
        }
    }

    @Test("A body over 64 KiB gets 413, announced or chunked", arguments: [false, true])
    func large(chunked: Bool) async throws {
        try await TestAPI.with { api in
            for (path, _) in Self.bodies {
                let connection = try await RawConnection.open(port: api.port)
                let size = 1_000_000
                try await connection.send(
                    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: \(size)\r\n\r\n")
                )
                let piece = String(repeating: "x", count: 50_000)
                // The server may close the connection after its response, so that later pieces cannot be sent.
                for _ in 0..<3 {
                    try? await connection.send(chunked ? "c350\r\n\(piece)\r\n" : piece)
                }
                let response = try await connection.readHead()
                #expect(response.hasPrefix("HTTP/1.1 413 "))
                #expect(response.lowercased().contains("content-type: application/problem+json"))
                await connection.close()
            }
            #expect(try await api.client().get(APIPath.liveness).status == 200)
        }
    }

    @Test("A chunked body within the limit is read")
    func chunked() async throws {
        try await TestAPI.with { api in
            let connection = try await RawConnection.open(port: api.port)
            try await connection.send(
                "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
            )
            #expect(try await connection.readHead().hasPrefix("HTTP/1.1 422 "))
            await connection.close()
        }
    }

    @Test("A body that never ends gets 408")
    func endless() async throws {
        try await TestAPI.with { api in
            let connection = try await RawConnection.open(port: api.port)
            try await connection.send(
                "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 100\r\n\r\n{"
            )
            #expect(try await connection.readHead().hasPrefix("HTTP/1.1 408 "))
            await connection.close()
        }
    }

    @Test("Headers that are too large end only their connection")
    func largeHeaders() async throws {
        try await TestAPI.with { api in
            let connection = try await RawConnection.open(port: api.port)
            try? await connection.send(
                "GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nCookie: \(String(repeating: "c=d; ", count: 20_000))\r\n\r\n"
            )
            let response = try await connection.readHead()
            #expect(response.isEmpty || response.hasPrefix("HTTP/1.1 4"))
            await connection.close()
            #expect(try await api.client().get(APIPath.liveness).status == 200)
        }
    }
}
