import Shared

/// The OpenAPI document as a page of plain HTML, to which a script adds forms that send requests.
struct DocsPage {
    /// The page.
    let html: String

    /// Writes the page.
    ///
    /// - Parameters:
    ///   - document: the document to show.
    ///   - publicURL: scheme and host that the commands call.
    ///   - language: the language of the texts around the reference.
    init(document: OpenAPIDocument, publicURL: String, language: SiteLanguage) {
        let frame = DocsFrame(language: language)
        let info = document.root["info"]
        let title = frame.title(info?["title"]?.text ?? "").escapedForHTML
        let guide = DocsGuide(text: info?["description"]?.text ?? "")
        let groups = Self.groups(of: document)
        let schemas = DocsSchema(document: document)
        let operation = DocsOperation(document: document, publicURL: publicURL)
        html = """
            <!doctype html>
            <html lang="\(language.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="stylesheet" href="\(OpenAPIRoutes.stylesheetPath)">
            <script type="module" src="\(OpenAPIRoutes.scriptPath)"></script>
            </head>
            <body>
            <a class="skip" href="#content">\(frame.skip)</a>
            <header class="top">
            <h1>\(title)</h1>
            <p class="facts"><span>\(frame.version) \((info?["version"]?.text ?? "").escapedForHTML)</span>
            <span>\(HTMLText.code(publicURL))</span>
            <span><a href="/openapi.json">openapi.json</a></span>
            <span><a href="/">\(frame.home)</a></span></p>
            \(frame.note.map { "<p>\($0)</p>" } ?? "")
            </header>
            <div class="columns">
            <nav class="contents" aria-label="\(frame.contents)">
            \(Self.contents(frame, guide: guide, groups: groups, schemas: schemas))</nav>
            <main id="content" lang="en">
            <section aria-label="\(frame.guide)">
            \(guide.html)</section>
            \(groups.map { Self.section(of: $0, with: operation) }.joined())\
            <section class="group">
            <h2 id="schemas" lang="\(language.tag)">\(frame.schemas)</h2>
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

    private static func contents(_ frame: DocsFrame, guide: DocsGuide, groups: [Group], schemas: DocsSchema) -> String {
        let topics = guide.topics.map { ($0.title.escapedForHTML, $0.anchor) }
        var html = contents(of: frame.guide, in: frame.language, at: "content", topics)
        for group in groups {
            let operations = group.operations.map { operation in
                let badge = DocsOperation.badge(operation.method)
                return ("\(operation.summary.escapedForHTML) \(badge)", operation.id.escapedForHTML)
            }
            html += contents(of: group.name, in: .english, at: group.anchor, operations)
        }
        return html
            + contents(
                of: frame.schemas,
                in: frame.language,
                at: "schemas",
                schemas.names.map { (HTMLText.code($0), DocsSchema.anchor($0)) }
            )
    }

    /// One section of the table of contents: its title, and the markup and anchor of each entry.
    private static func contents(
        of title: String,
        in language: SiteLanguage,
        at anchor: String,
        _ entries: [(String, String)]
    ) -> String {
        """
        <div><p lang="\(language.tag)"><a href="#\(anchor)">\(title.escapedForHTML)</a></p>
        <ul lang="en">
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
