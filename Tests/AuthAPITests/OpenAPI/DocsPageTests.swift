import Shared
import Foundation
import Testing

@testable import AuthAPI

/// A15: The page with the API reference.
@Suite struct DocsPageTests {
    private let document: OpenAPIDocument
    private let html: String

    init() throws {
        document = try OpenAPIDocument()
        html = DocsPage(document: document, publicURL: "https://example.com", language: .english).html
    }

    /// The values of an attribute, in the order of the page.
    private func values(of attribute: String, in html: String) -> [String] {
        html.components(separatedBy: "\(attribute)=\"").dropFirst().map { part in
            String(part.prefix { $0 != "\"" })
        }
    }

    @Test func showsEveryOperationAndSchema() {
        for operation in document.operations {
            #expect(html.contains("id=\"\(operation.id)\""))
            #expect(html.contains(HTMLText.code(operation.path)))
            #expect(html.contains(operation.summary.escapedForHTML))
            for response in operation.value["responses"]?.members ?? [] {
                #expect(html.contains(">\(response.name)</span>"))
            }
        }
        for schema in document.root["components"]?["schemas"]?.members ?? [] {
            #expect(html.contains("id=\"schema-\(schema.name)\""))
        }
    }

    /// Every link within the page has a target, and no ID occurs twice.
    @Test func everyLinkHasATarget() {
        let ids = values(of: "id", in: html)
        #expect(Set(ids).count == ids.count)
        for link in values(of: "href", in: html) where link.hasPrefix("#") {
            #expect(ids.contains(String(link.dropFirst())), "\(link)")
        }
        let elsewhere = Set(values(of: "href", in: html).filter { !$0.hasPrefix("#") })
        #expect(elsewhere == ["/docs/style.css", "/openapi.json", "/"])
    }

    /// F6: The texts around the reference are in the visitor's language; the reference is marked as English.
    @Test func frameIsTranslated() {
        let japanese = DocsPage(document: document, publicURL: "https://example.com", language: .japanese).html
        #expect(html.contains("<html lang=\"en\">"))
        #expect(japanese.contains("<html lang=\"ja\">"))
        for word in ["本文へ移動", "バージョン", "目次", "ガイド", "スキーマ", "リファレンス</h1>", "ホーム", "本文は英語です"] {
            #expect(japanese.contains(word), "\(word)")
            #expect(!html.contains(word), "\(word)")
        }
        #expect(japanese.contains("<main id=\"content\" lang=\"en\">"))
        #expect(values(of: "id", in: japanese) == values(of: "id", in: html))
    }

    /// Every element is closed, in order.
    @Test func elementsAreBalanced() {
        let void: Set<String> = ["meta", "link", "wbr", "!doctype"]
        var open: [String] = []
        for tag in html.components(separatedBy: "<").dropFirst() {
            let name = String(tag.prefix { $0 != " " && $0 != ">" && $0 != "\n" })
            if name.hasPrefix("/") {
                #expect(open.popLast() == String(name.dropFirst()))
            } else if !void.contains(name) {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    /// The page contains nothing that its Content-Security-Policy blocks.
    @Test func hasNoInlineScriptOrStyle() {
        let lowered = html.lowercased()
        #expect(lowered.components(separatedBy: "<script").count == 2)
        #expect(lowered.contains("<script type=\"module\" src=\"/docs/try.js\"></script>"))
        #expect(!lowered.contains("<style"))
        #expect(!lowered.contains(" style="))
        #expect(!lowered.contains(" on" + "click="))
        #expect(!lowered.contains("javascript:"))
    }

    /// Text of the document is escaped.
    @Test func documentTextIsEscaped() throws {
        let evil = "<script>alert('x')</script>&\\\""
        let text = """
            {"info":{"title":"\(evil)","version":"\(evil)","description":"\(evil)\\n## \(evil)\\n`\(evil)`"},
            "tags":[{"name":"\(evil)","description":"\(evil)"}],
            "paths":{"/\(evil)":{"post":{"operationId":"\(evil)","tags":["\(evil)"],"summary":"\(evil)",
            "description":"\(evil)","parameters":[{"name":"\(evil)","in":"\(evil)","schema":{"type":"\(evil)"}}],
            "requestBody":{"content":{"\(evil)":{"schema":{"$ref":"#/components/schemas/\(evil)"}}}},
            "responses":{"2\(evil)":{"description":"\(evil)","headers":{"\(evil)":{"description":"\(evil)"}},
            "content":{"\(evil)":{"example":"\(evil)","schema":{"type":"string"}}}}}}}},
            "components":{"schemas":{"\(evil)":{"description":"\(evil)","type":"object","example":"\(evil)",
            "properties":{"\(evil)":{"enum":["\(evil)"],"const":"\(evil)"}}}}}}
            """
        let document = OpenAPIDocument(root: try JSONValue(parsing: Array(text.utf8)))
        let html = DocsPage(document: document, publicURL: "https://example.com/<script>", language: .japanese).html
        #expect(html.components(separatedBy: "<script").count == 2)
        #expect(!html.contains("<script>"))
        #expect(!html.contains("alert('"))
        #expect(html.components(separatedBy: "&lt;script&gt;").count > 20)
    }

    /// A script can send every request, except for redirects and paths that the reverse proxy does not publish.
    @Test func marksOperationsThatABrowserCanCall() throws {
        let articles = html.components(separatedBy: "<article class=\"operation\" ").dropFirst()
        let callable = articles.filter { $0.prefix { $0 != ">" }.contains(" data-method=") }
            .map { String($0.dropFirst("id=\"".count).prefix { $0 != "\"" }) }
        let others = document.operations.map(\.id).filter { !callable.contains($0) }
        #expect(
            others == [
                "startProvider", "finishProvider", "checkAccess", "beginEntry", "enterApplication", "finishEntry",
                "getHealth", "getLiveness", "getReadiness",
            ]
        )
        #expect(
            html.contains(
                "data-path=\"/api/auth/sessions/{id}\" data-parameters=\"[{&quot;name&quot;:&quot;id&quot;,&quot;place&quot;:&quot;path&quot;}]\""
            )
        )
        #expect(html.contains("data-body=\"{\n  &quot;email&quot;:"))
    }

    /// A15: Each command, run by a shell, sends the example's body to the right address.
    @Test func commandsSurviveTheShell() throws {
        for operation in document.operations {
            let command = CurlCommand(operation, in: document, server: "http://localhost:8080").text
            let arguments = try shell(command)
            let server = operation.path.hasPrefix("/health") ? "http://localhost:8000" : "http://localhost:8080"
            let path = operation.path.replacingOccurrences(of: "{id}", with: "third")
                .replacingOccurrences(of: "{provider}", with: "google")
            #expect(arguments.last == server + path, "\(operation.id)")
            let body = operation.value["requestBody"]?["content"]?["application/json"]
            if let body {
                let data = try #require(arguments.firstIndex(of: "-d").map { arguments[$0 + 1] })
                #expect(try JSONValue(parsing: Array(data.utf8)) == CurlCommand.example(of: body, in: document))
                #expect(arguments.contains("Content-Type: application/json"))
            } else {
                #expect(!arguments.contains("-d"))
                let method = arguments.firstIndex(of: "-X").map { arguments[$0 + 1] }
                #expect(method == (operation.method == "GET" ? nil : operation.method), "\(operation.id)")
            }
            let needsSession = operation.value["security"]?.elements.isEmpty == false
            #expect(arguments.contains("-b") == needsSession, "\(operation.id)")
        }
        #expect(try shell(command("login")).contains("-c"))
        #expect(try shell(command("register")).contains("-c"))
        #expect(try shell(command("logout")).contains("-c"))
    }

    /// A quotation mark in an example does not end the shell's string.
    @Test func quotesAreEscapedForTheShell() throws {
        let text = """
            {"paths":{"/x":{"post":{"requestBody":{"content":{"application/json":{"example":{"a":"it's $HOME `b`"}}}}}}}}
            """
        let document = OpenAPIDocument(root: try JSONValue(parsing: Array(text.utf8)))
        let operation = try #require(document.operations.first)
        let arguments = try shell(CurlCommand(operation, in: document, server: "http://localhost").text)
        #expect(arguments.contains("{\n    \"a\": \"it's $HOME `b`\"\n  }"))
    }

    private func command(_ id: String) throws -> String {
        let operation = try #require(document.operations.first { $0.id == id })
        return CurlCommand(operation, in: document, server: "http://localhost:8080").text
    }

    /// The arguments that a shell passes to curl; the output of nested commands is invented.
    private func shell(_ command: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let stub = """
            curl() {
                case "$*" in
                -s*sessions | -s*identities) printf '{"all":[{"id":"first"},{"id":"second"},{"id":"third"}]}' ;;
                *) printf '%s\\0' "$@" ;;
                esac
            }
            """
        process.arguments = ["-eu", "-c", "\(stub)\n\(command)"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)
    }
}
