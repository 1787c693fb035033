import Shared

/// A command line that calls an operation, for pasting into a POSIX shell.
struct CurlCommand {
    /// The command, one option per line.
    let text: String

    /// Creates the command for an operation of the document.
    ///
    /// - Parameters:
    ///   - operation: the operation.
    ///   - document: the document, for references.
    ///   - server: scheme and host to call, without a path.
    init(_ operation: OpenAPIOperation, in document: OpenAPIDocument, server: String) {
        let server = operation.value["servers"]?.elements.first?["url"]?.text ?? server
        var parts = ["curl -i"]
        let security = operation.value["security"]?.elements ?? []
        if !security.isEmpty { parts[0] += " -b cookies.txt" }
        if Self.setsCookie(operation, in: document) { parts[0] += " -c cookies.txt" }
        let content = operation.value["requestBody"]?["content"]?.members.first
        if let content, let example = Self.example(of: content.value, in: document) {
            parts.append("-H 'Content-Type: \(content.name)'")
            parts.append("-d \(Self.quoted(example.pretty.replacing("\n", by: "\n  ")))")
            // `-d` makes it a POST.
            if operation.method != "POST" { parts[0] += " -X \(operation.method)" }
        } else if operation.method != "GET" {
            parts[0] += " -X \(operation.method)"
        }
        var path = operation.path
        var isPlain = true
        for parameter in operation.value["parameters"]?.elements ?? [] where parameter["in"]?.text == "path" {
            let name = parameter["name"]?.text ?? ""
            if let shell = parameter["x-shell-value"]?.text {
                path = path.replacing("{\(name)}", by: shell.replacing("{server}", by: server))
                isPlain = false
            } else {
                path = path.replacing("{\(name)}", by: parameter["example"]?.text ?? "")
            }
        }
        // In double quotes, the shell still expands `$(…)`.
        parts.append(isPlain ? server + path : "\"\(server)\(path)\"")
        text = parts.joined(separator: " \\\n  ")
    }

    /// The example of a media type, otherwise that of its schema.
    static func example(of media: JSONValue, in document: OpenAPIDocument) -> JSONValue? {
        if let example = media["example"] { return example }
        if let first = media["examples"]?.members.first { return document.resolve(first.value)["value"] }
        return media["schema"].flatMap { document.resolve($0)["example"] }
    }

    private static func setsCookie(_ operation: OpenAPIOperation, in document: OpenAPIDocument) -> Bool {
        (operation.value["responses"]?.members ?? []).contains { response in
            let cookie = document.resolve(response.value)["headers"]?["Set-Cookie"]
            return cookie.map { document.resolve($0)["required"]?.bool == true } ?? false
        }
    }

    /// The text in single quotes, in which a shell expands nothing.
    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", by: "'\\''"))'"
    }
}
