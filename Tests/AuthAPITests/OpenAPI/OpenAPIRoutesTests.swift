import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Shared
import Testing

@testable import AuthAPI

/// A15: The document and the page over HTTP.
@Suite struct OpenAPIRoutesTests {
    private static func withClient(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let trace = try #require(WebOrigin("https://example.com"))
        let name = SiteName(english: "Books & <Co>", japanese: "本屋")
        let routes = try OpenAPIRoutes(publicURL: trace, name: name)
        let router = Router()
        router.get(.init(APIPath.index), use: routes.index)
        router.get(.init(APIPath.openAPI), use: routes.document)
        router.get(.init(APIPath.docs), use: routes.docs)
        router.get(.init(OpenAPIRoutes.stylesheetPath), use: routes.stylesheet)
        router.get(.init(OpenAPIRoutes.scriptPath), use: routes.script)
        try await Application(router: router).test(.router, body)
    }

    @Test func servesTheDocument() async throws {
        try await Self.withClient { client in
            let response = try await client.executeRequest(uri: APIPath.openAPI, method: .get, headers: [:], body: nil)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/json")
            let text = String(buffer: response.body)
            #expect(text == OpenAPIDocument.text(for: "Books & <Co>"))
            let document = try JSONValue(parsing: Array(text.utf8))
            #expect(document["info"]?["title"]?.text == "Books & <Co> API")
            #expect(response.headers[.cacheControl] == "no-cache")
        }
    }

    /// Name, version and links; only under the exact path.
    @Test func servesTheIndex() async throws {
        try await Self.withClient { client in
            let index = try await client.executeRequest(uri: APIPath.index, method: .get, headers: [:], body: nil)
            #expect(index.status == .ok)
            #expect(index.headers[.contentType] == "application/json")
            let value = try JSONValue(parsing: Array(index.body.readableBytesView))
            #expect(
                value
                    == .object([
                        .init(name: "name", value: .string("Books & <Co>")),
                        .init(name: "version", value: .string(Version.current)),
                        .init(name: "docs", value: .string("https://example.com/docs")),
                        .init(name: "openapi", value: .string("https://example.com/openapi.json")),
                    ])
            )
        }
        try await TestAPI.with { api in
            let client = api.client()
            let found = try await client.get("/api/")
            #expect(found.status == 200)
            let other = try await client.get("/api")
            #expect(other.status == 404)
            let posted = try await client.send("POST", "/api/")
            #expect(posted.status == 405)
        }
    }

    /// U3: Title and headings have the site's name in both languages, escaped.
    @Test func pageHasTheNameOfTheSite() async throws {
        try await Self.withClient { client in
            for (language, title) in [("en", "Books &amp; &lt;Co&gt; API"), ("ja", "本屋 API リファレンス")] {
                let page = try await client.executeRequest(
                    uri: APIPath.docs,
                    method: .get,
                    headers: [.acceptLanguage: language],
                    body: nil
                )
                let html = String(buffer: page.body)
                #expect(html.contains("<title>\(title)</title>"))
                #expect(html.contains("<h1>\(title)</h1>"))
                #expect(!html.contains("<Co>"))
            }
        }
    }

    @Test func servesThePage() async throws {
        try await Self.withClient { client in
            let page = try await client.executeRequest(uri: APIPath.docs, method: .get, headers: [:], body: nil)
            #expect(page.status == .ok)
            #expect(page.headers[.contentType] == "text/html; charset=utf-8")
            let policy = try #require(page.headers[.contentSecurityPolicy])
            #expect(policy.hasPrefix("default-src 'none'; style-src 'self';"))
            #expect(policy.contains("; script-src 'self'; connect-src 'self'; "))
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

    /// F6: The browser's language, unless the visitor chose one; each with a separate entity tag.
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

    /// RFC 9110, section 13.1.2: The current version is not sent again, also when a proxy made the entity tag weak.
    @Test(arguments: [
        APIPath.index, APIPath.openAPI, APIPath.docs, OpenAPIRoutes.stylesheetPath, OpenAPIRoutes.scriptPath,
    ])
    func returnsNotModified(path: String) async throws {
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
