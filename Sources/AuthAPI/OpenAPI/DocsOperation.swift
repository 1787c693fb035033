import Shared

/// One operation on the page: description, command, request and responses.
struct DocsOperation {
    let document: OpenAPIDocument
    /// Scheme and host for the commands.
    let publicURL: String

    /// A method as a badge.
    static func badge(_ method: String) -> String {
        "<span class=\"method \(HTMLText.anchor(method))\">\(method.escapedForHTML)</span>"
    }

    /// The operation's part of the page.
    func html(of operation: OpenAPIOperation) -> String {
        """
        <article class="operation" id="\(operation.id.escapedForHTML)"\(request(of: operation))>
        <h3><a href="#\(operation.id.escapedForHTML)">\(operation.summary.escapedForHTML)</a></h3>
        <p class="address">\(Self.badge(operation.method)) \(HTMLText.code(operation.path))</p>
        \(HTMLText.paragraphs(operation.value["description"]?.text ?? ""))\
        <p class="access">\(access(to: operation))</p>
        \(HTMLText.command(CurlCommand(operation, in: document, server: publicURL).text))\
        \(parameters(of: operation))\(body(of: operation))\(responses(of: operation))</article>

        """
    }

    /// What the script needs to send a request; empty if a browser cannot send one and read the response.
    ///
    /// Left out are paths that the reverse proxy does not publish, and those that only redirect to another site.
    private func request(of operation: OpenAPIOperation) -> String {
        let hasContent = operation.value["responses"]?.members.contains { $0.name.hasPrefix("2") } == true
        guard hasContent, operation.value["servers"] == nil, operation.path != APIPath.accessCheck else { return "" }
        let parameters = (operation.value["parameters"]?.elements ?? []).compactMap { parameter -> JSONValue? in
            guard let name = parameter["name"], let place = parameter["in"], ["path", "query"].contains(place.text)
            else {
                return nil
            }
            return .object([.init(name: "name", value: name), .init(name: "place", value: place)])
        }
        var attributes = [
            ("method", operation.method), ("path", operation.path), ("parameters", JSONValue.array(parameters).compact),
        ]
        if let content = operation.value["requestBody"]?["content"]?.members.first {
            attributes.append(("body", CurlCommand.example(of: content.value, in: document)?.pretty ?? ""))
        }
        return attributes.map { " data-\($0)=\"\($1.escapedForHTML)\"" }.joined()
    }

    private func access(to operation: OpenAPIOperation) -> String {
        let schemes = operation.value["security"]?.elements ?? []
        if schemes.isEmpty { return "Requires no session." }
        let names = schemes.flatMap(\.members).map { scheme in
            switch scheme.name {
            case "bearer": "<code>Authorization: Bearer</code>"
            case "cookie": "the session’s cookie"
            default: "the cookie \(HTMLText.code(cookie(of: scheme.name)))"
            }
        }
        let list = names.joined(separator: " or ")
        let isOptional = schemes.contains { $0.members.isEmpty }
        return isOptional ? "Optional: \(list)." : "Requires \(list)."
    }

    /// The name of the cookie of a security scheme.
    private func cookie(of scheme: String) -> String {
        document.root["components"]?["securitySchemes"]?[scheme]?["name"]?.text ?? scheme
    }

    private func parameters(of operation: OpenAPIOperation) -> String {
        let parameters = operation.value["parameters"]?.elements ?? []
        guard !parameters.isEmpty else { return "" }
        let rows = parameters.map { parameter in
            DocsSchema.row(
                name: parameter["name"]?.text ?? "",
                isRequired: parameter["required"]?.bool == true,
                facts: ["in the \((parameter["in"]?.text ?? "").escapedForHTML)"]
                    + DocsSchema.facts(of: parameter["schema"] ?? .null, in: document),
                description: parameter["description"]?.text ?? ""
            )
        }
        return "<h4>Parameters</h4>\n<dl class=\"fields\">\n\(rows.joined())</dl>\n"
    }

    private func body(of operation: OpenAPIOperation) -> String {
        guard let content = operation.value["requestBody"]?["content"]?.members.first,
            let schema = content.value["schema"]
        else { return "" }
        // The example is in the command.
        return "<h4>Request body <span class=\"type\">\(HTMLText.code(content.name))</span></h4>\n"
            + DocsSchema.fields(of: document.resolve(schema), in: document)
    }

    private func responses(of operation: OpenAPIOperation) -> String {
        let responses = operation.value["responses"]?.members ?? []
        let errors = responses.filter { $0.name.hasPrefix("4") || $0.name.hasPrefix("5") }
        var html = "<h4>Responses</h4>\n<dl class=\"responses\">\n"
        for response in responses where !errors.contains(response) { html += entry(of: response) }
        html += "</dl>\n"
        guard !errors.isEmpty else { return html }
        let statuses = errors.map { $0.name.escapedForHTML }.joined(separator: ", ")
        html += "<details>\n<summary>Errors <span class=\"type\">\(statuses)</span></summary>\n"
        return html + "<dl class=\"responses\">\n\(errors.map(entry).joined())</dl>\n</details>\n"
    }

    private func entry(of response: JSONValue.Member) -> String {
        let value = document.resolve(response.value)
        var html = "<dt><span class=\"status s\((String(response.name.prefix(1))).escapedForHTML)\">"
        html += "\(response.name.escapedForHTML)</span>\(content(of: value).map { " \($0)" } ?? "")</dt>\n"
        html += "<dd>\n\(HTMLText.paragraphs(value["description"]?.text ?? ""))\(headers(of: value))"
        // For errors, the schema of problems shows one example for all.
        if response.name.hasPrefix("2"), let media = value["content"]?.members.first?.value,
            let example = CurlCommand.example(of: media, in: document)
        {
            html += HTMLText.example(example)
        }
        return html + "</dd>\n"
    }

    /// The body of a response: the schema's name, and for a problem its codes.
    private func content(of response: JSONValue) -> String? {
        guard let media = response["content"]?.members.first else { return nil }
        guard let schema = media.value["schema"] else { return nil }
        if let name = document.name(ofReference: schema) { return DocsSchema.link(name) }
        let code = schema["allOf"]?.elements.compactMap { $0["properties"]?["code"] }.first
        let codes = code.map { $0["enum"]?.elements ?? [$0["const"] ?? .null] } ?? []
        guard !codes.isEmpty else { return HTMLText.code(media.name) }
        return codes.compactMap(\.text).map(HTMLText.code).joined(separator: " or ")
    }

    private func headers(of response: JSONValue) -> String {
        // Every response has the request ID; the guide mentions it once.
        let headers = (response["headers"]?.members ?? []).filter { $0.name != "X-Request-ID" }
        return headers.map { header in
            let description = document.resolve(header.value)["description"]?.text ?? ""
            return "<p class=\"header\"><code>\(header.name.escapedForHTML)</code>: "
                + "\(HTMLText.inline(description))</p>\n"
        }.joined()
    }
}
