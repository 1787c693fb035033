import Shared

/// The OpenAPI document of this version, and what its readers ask of it.
struct OpenAPIDocument: Sendable {
    /// The document as it is served and printed.
    static let text = {
        var text = String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .replacing("@VERSION@", by: Version.current)
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }()

    /// The document's bytes.
    static let json = Array(text.utf8)

    /// The whole document.
    let root: JSONValue

    /// Takes any document.
    init(root: JSONValue) { self.root = root }

    /// Reads the document of this version.
    init() throws(JSONParser.Failure) {
        root = try JSONValue(parsing: Self.json)
    }

    /// What a value is when it is a reference, and the value itself when it is not.
    ///
    /// Members beside the reference count more than what it refers to (JSON Schema 2020-12 lets both stand).
    func resolve(_ value: JSONValue) -> JSONValue {
        guard let target = referenced(by: value) else { return value }
        let beside = value.members.filter { $0.name != "$ref" }
        let names = Set(beside.map(\.name))
        guard !beside.isEmpty else { return target }
        return .object(target.members.filter { !names.contains($0.name) } + beside)
    }

    /// The name that a reference ends with: `User` for `#/components/schemas/User`.
    func name(ofReference value: JSONValue) -> String? {
        value["$ref"]?.text?.split(separator: "/").last.map(String.init)
    }

    /// The operations, in the order in which they are written.
    var operations: [OpenAPIOperation] {
        (root["paths"]?.members ?? []).flatMap { path in
            path.value.members.compactMap { method in
                OpenAPIOperation(method: method.name.uppercased(), path: path.name, value: method.value)
            }
        }
    }

    private func referenced(by value: JSONValue) -> JSONValue? {
        guard let pointer = value["$ref"]?.text, pointer.hasPrefix("#/") else { return nil }
        let target = pointer.dropFirst(2).split(separator: "/").reduce(root as JSONValue?) { value, name in
            value?[String(name)]
        }
        return target.map(resolve)
    }
}

/// One method of one path.
struct OpenAPIOperation: Sendable {
    /// The method in capitals.
    let method: String
    /// The path, with its parameters in braces.
    let path: String
    /// The operation object.
    let value: JSONValue

    /// The operation's identifier, which is also its anchor.
    var id: String { value["operationId"]?.text ?? "" }
    /// The one line about it.
    var summary: String { value["summary"]?.text ?? "" }
    /// The group it belongs to.
    var tag: String { value["tags"]?.elements.first?.text ?? "" }
}
