import Shared

/// The OpenAPI document as a page for people: plain HTML and a style sheet, no script.
struct DocsPage {
    /// The page.
    let html: String

    /// Writes the page.
    ///
    /// - Parameters:
    ///   - document: What to show.
    ///   - publicURL: Scheme and host that the commands call.
    init(document: OpenAPIDocument, publicURL: String) {
        let info = document.root["info"]
        let title = info?["title"]?.text ?? ""
        let guide = DocsGuide(text: info?["description"]?.text ?? "")
        let groups = Self.groups(of: document)
        let schemas = DocsSchema(document: document)
        let operation = DocsOperation(document: document, publicURL: publicURL)
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title.escapedForHTML)</title>
            <link rel="stylesheet" href="\(OpenAPIRoutes.stylesheetPath)">
            </head>
            <body>
            <a class="skip" href="#content">Skip to the content</a>
            <header class="top">
            <h1>\(title.escapedForHTML)</h1>
            <p class="facts"><span>Version \((info?["version"]?.text ?? "").escapedForHTML)</span>
            <span>\(HTMLText.code(publicURL))</span>
            <span><a href="/openapi.json">openapi.json</a></span></p>
            </header>
            <div class="columns">
            <nav class="contents" aria-label="Contents">
            \(Self.contents(guide: guide, groups: groups, schemas: schemas))</nav>
            <main id="content">
            <section aria-label="Guide">
            \(guide.html)</section>
            \(groups.map { Self.section(of: $0, with: operation) }.joined())\
            <section class="group">
            <h2 id="schemas">Schemas</h2>
            \(schemas.html)</section>
            </main>
            </div>
            </body>
            </html>

            """
    }

    private struct Group {
        let name: String
        let description: String
        let operations: [OpenAPIOperation]
        var anchor: String { "group-\(HTMLText.anchor(name))" }
    }

    private static func groups(of document: OpenAPIDocument) -> [Group] {
        let operations = document.operations
        return (document.root["tags"]?.elements ?? []).map { tag in
            let name = tag["name"]?.text ?? ""
            return Group(
                name: name,
                description: tag["description"]?.text ?? "",
                operations: operations.filter { $0.tag == name }
            )
        }
    }

    private static func contents(guide: DocsGuide, groups: [Group], schemas: DocsSchema) -> String {
        let topics = guide.topics.map { ($0.title.escapedForHTML, $0.anchor) }
        var html = contents(of: "Guide", at: "content", topics)
        for group in groups {
            let operations = group.operations.map { operation in
                let badge = DocsOperation.badge(operation.method)
                return ("\(operation.summary.escapedForHTML) \(badge)", operation.id.escapedForHTML)
            }
            html += contents(of: group.name, at: group.anchor, operations)
        }
        return html
            + contents(of: "Schemas", at: "schemas", schemas.names.map { (HTMLText.code($0), DocsSchema.anchor($0)) })
    }

    /// One part of the contents: its title, and markup and anchor of what is in it.
    private static func contents(of title: String, at anchor: String, _ entries: [(String, String)]) -> String {
        """
        <div><p><a href="#\(anchor)">\(title.escapedForHTML)</a></p>
        <ul>
        \(entries.map { "<li><a href=\"#\($0.1)\">\($0.0)</a></li>\n" }.joined())</ul></div>

        """
    }

    private static func section(of group: Group, with operation: DocsOperation) -> String {
        """
        <section class="group">
        <h2 id="\(group.anchor)">\(group.name.escapedForHTML)</h2>
        \(HTMLText.paragraphs(group.description))\(group.operations.map(operation.html).joined())</section>

        """
    }
}
