import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Shared
import Testing

@testable import AuthAPI

/// A15: the document and the page over HTTP.
@Suite struct OpenAPIRoutesTests {
    private static func withClient(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let trace = try #require(WebOrigin("https://example.com"))
        let routes = try OpenAPIRoutes(publicURL: trace)
        let router = Router()
        router.get(.init(APIPath.openAPI), use: routes.document)
        router.get(.init(APIPath.docs), use: routes.docs)
        router.get(.init(OpenAPIRoutes.stylesheetPath), use: routes.stylesheet)
        try await Application(router: router).test(.router, body)
    }

    @Test func servesTheDocument() async throws {
        try await Self.withClient { client in
            let response = try await client.executeRequest(uri: APIPath.openAPI, method: .get, headers: [:], body: nil)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            #expect(Array(response.body.readableBytesView) == OpenAPIDocument.json)
            #expect(response.headers[.cacheControl] == "no-cache")
        }
    }

    @Test func servesThePage() async throws {
        try await Self.withClient { client in
            let page = try await client.executeRequest(uri: APIPath.docs, method: .get, headers: [:], body: nil)
            #expect(page.status == .ok)
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(page.headers[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; style-src 'self';"))
            #expect(!policy.contains("unsafe"))
            #expect(String(buffer: page.body).contains("https://example.com/api/auth/login"))
            let style = try await client.executeRequest(
                uri: OpenAPIRoutes.stylesheetPath,
                method: .get,
                headers: [:],
                body: nil
            )
            #expect(style.status == .ok)
            #expect(style.headers[.contentType] == "text/css; charset=utf-8")
            #expect(style.body.readableBytes > 1000)
        }
    }

    /// F6: by what the browser asks for, unless the visitor chose; each under a name of its own for caches.
    @Test func pageIsInTheVisitorsLanguage() async throws {
        try await Self.withClient { client in
            var tags: Set<String> = []
            for (headers, language) in [
                ([:], "en"), ([.acceptLanguage: "ja"], "ja"), ([.acceptLanguage: "ja", .cookie: "language=en"], "en"),
            ] as [(HTTPFields, String)] {
                let page = try await client.executeRequest(uri: APIPath.docs, method: .get, headers: headers, body: nil)
                #expect(page.headers[.contentLanguage] == language)
                #expect(page.headers[.vary] == "Accept-Language, Cookie")
                #expect(String(buffer: page.body).contains("<html lang=\"\(language)\">"))
                tags.insert("\(language) \(page.headers[.eTag] ?? "")")
            }
            #expect(tags.count == 2)
        }
    }

    /// RFC 9110, section 13.1.2: what the client has is not sent again, also when a proxy made the name weak.
    @Test(arguments: [APIPath.openAPI, APIPath.docs, OpenAPIRoutes.stylesheetPath])
    func answersThatTheClientHasIt(path: String) async throws {
        try await Self.withClient { client in
            let first = try await client.executeRequest(uri: path, method: .get, headers: [:], body: nil)
            let tag = try #require(first.headers[.eTag])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "\(tag) , W/\"x\"", "*"] {
                let second = try await client.executeRequest(
                    uri: path,
                    method: .get,
                    headers: [.ifNoneMatch: known],
                    body: nil
                )
                #expect(second.status == .notModified, "\(known)")
                #expect(second.body.readableBytes == 0)
                #expect(second.headers[.eTag] == tag)
            }
            for other in ["\"other\"", "", String(tag.dropLast()), "\"\(tag)\""] {
                let again = try await client.executeRequest(
                    uri: path,
                    method: .get,
                    headers: [.ifNoneMatch: other],
                    body: nil
                )
                #expect(again.status == .ok, "\(other)")
            }
        }
    }
}
