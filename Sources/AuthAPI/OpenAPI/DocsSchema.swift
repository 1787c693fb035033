import Shared

/// The document's schemas on the page, and lists of fields, which operations also show.
struct DocsSchema {
    let document: OpenAPIDocument

    /// The names of the schemas, in order.
    var names: [String] { schemas.map(\.name) }

    /// All schemas.
    var html: String {
        schemas.map { schema in
            """
            <article class="schema" id="\(Self.anchor(schema.name))">
            <h3><a href="#\(Self.anchor(schema.name))">\(HTMLText.code(schema.name))</a></h3>
            \(HTMLText.paragraphs(schema.value["description"]?.text ?? ""))\(Self.content(of: schema.value, in: document))\
            </article>

            """
        }.joined()
    }

    /// The anchor of a schema.
    static func anchor(_ name: String) -> String { "schema-\(name.escapedForHTML)" }

    /// A link to a schema.
    static func link(_ name: String) -> String { "<a href=\"#\(anchor(name))\">\(HTMLText.code(name))</a>" }

    /// The fields of an object: name, type, limits and description.
    static func fields(of schema: JSONValue, in document: OpenAPIDocument) -> String {
        let required = Set((schema["required"]?.elements ?? []).compactMap(\.text))
        let rows = (schema["properties"]?.members ?? []).map { property in
            row(
                name: property.name,
                isRequired: required.contains(property.name),
                facts: facts(of: property.value, in: document),
                description: document.resolve(property.value)["description"]?.text ?? ""
            )
        }
        guard !rows.isEmpty else { return "" }
        return "<dl class=\"fields\">\n\(rows.joined())</dl>\n"
    }

    /// One field of a list.
    static func row(name: String, isRequired: Bool, facts: [String], description: String) -> String {
        let mark = isRequired ? "" : " <span class=\"optional\">optional</span>"
        return """
            <dt><code>\(name.escapedForHTML)</code>\(mark)</dt>
            <dd><p class="type">\(facts.joined(separator: ", "))</p>
            \(HTMLText.paragraphs(description))</dd>

            """
    }

    /// A schema's type and limits, as short phrases of markup.
    static func facts(of schema: JSONValue, in document: OpenAPIDocument) -> [String] {
        if let name = document.name(ofReference: schema) { return [link(name)] }
        if let constant = schema["const"] { return ["always \(HTMLText.code(constant.compact))"] }
        var facts = [type(of: schema, in: document)]
        if let values = schema["enum"]?.elements {
            facts.append("one of " + values.compactMap(\.text).map(HTMLText.code).joined(separator: ", "))
        }
        switch (schema["minLength"]?.integer, schema["maxLength"]?.integer) {
        case (let least?, let most?): facts.append("\(least) to \(most) characters")
        case (nil, let most?): facts.append("at most \(most) characters")
        case (let least?, nil): facts.append(least == 1 ? "not empty" : "at least \(least) characters")
        case (nil, nil): break
        }
        switch (schema["minimum"]?.integer, schema["maximum"]?.integer) {
        case (let least?, let most?): facts.append("\(least) to \(most)")
        case (nil, let most?): facts.append("at most \(most)")
        case (let least?, nil): facts.append("\(least) or more")
        case (nil, nil): break
        }
        return facts
    }

    private var schemas: [JSONValue.Member] { document.root["components"]?["schemas"]?.members ?? [] }

    private static func content(of schema: JSONValue, in document: OpenAPIDocument) -> String {
        guard let values = schema["enum"]?.elements.compactMap(\.text) else {
            let isObject = schema["properties"] != nil
            let own =
                isObject ? "" : "<p class=\"type\">\(facts(of: schema, in: document).joined(separator: ", "))</p>\n"
            let example = schema["example"].map(HTMLText.example) ?? ""
            return own + fields(of: schema, in: document) + example
        }
        let rows = values.map { value in
            let description = schema["x-enum-descriptions"]?[value]?.text ?? ""
            return "<dt><code>\(value.escapedForHTML)</code></dt>\n<dd>\(HTMLText.paragraphs(description))</dd>\n"
        }
        return "<dl class=\"fields\">\n\(rows.joined())</dl>\n"
    }

    /// `string (uuid)`, `string or null`, `list of Session`.
    private static func type(of schema: JSONValue, in document: OpenAPIDocument) -> String {
        var names = schema["type"]?.elements.compactMap(\.text) ?? []
        if let name = schema["type"]?.text { names = [name] }
        if names == ["array"], let items = schema["items"] {
            return "list of \(facts(of: items, in: document).joined(separator: ", "))"
        }
        let format = schema["format"]?.text.map { " (\($0.escapedForHTML))" } ?? ""
        return names.joined(separator: " or ").escapedForHTML + format
    }
}
