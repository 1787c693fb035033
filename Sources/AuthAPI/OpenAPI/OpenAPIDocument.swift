import Shared

/// The OpenAPI document of this version, with access for its readers.
struct OpenAPIDocument: Sendable {
    /// The document as the API of a site serves it.
    ///
    /// - Parameter name: the site's name, for the document's title.
    /// - Returns: JSON without a line break at its end.
    static func text(for name: String = SiteName.standard.english) -> String {
        var text = String(decoding: PackageResources.openapi_json, as: UTF8.self)
            .replacing("@VERSION@", by: Version.current)
            .replacing("\"@NAME@ API\"", by: JSONValue.string("\(name) API").compact)
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }

    /// The whole document.
    let root: JSONValue

    /// Wraps any document.
    init(root: JSONValue) { self.root = root }

    /// Parses the document of this version.
    init(for name: String = SiteName.standard.english) throws(JSONParser.Failure) {
        root = try JSONValue(parsing: Array(Self.text(for: name).utf8))
    }

    /// The target of a value that is a reference, otherwise the value itself.
    ///
    /// Members beside the reference override those of the target (JSON Schema 2020-12 allows both).
    func resolve(_ value: JSONValue) -> JSONValue {
        guard let target = referenced(by: value) else { return value }
        let beside = value.members.filter { $0.name != "$ref" }
        let names = Set(beside.map(\.name))
        guard !beside.isEmpty else { return target }
        return .object(target.members.filter { !names.contains($0.name) } + beside)
    }

    /// The last part of a reference: `User` for `#/components/schemas/User`.
    func name(ofReference value: JSONValue) -> String? {
        value["$ref"]?.text?.split(separator: "/").last.map(String.init)
    }

    /// The operations, in the order of the document.
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
    /// The method in upper case.
    let method: String
    /// The path, with its parameters in braces.
    let path: String
    /// The operation object.
    let value: JSONValue

    /// The operation's ID, which is also its anchor.
    var id: String { value["operationId"]?.text ?? "" }
    var summary: String { value["summary"]?.text ?? "" }
    /// The group it belongs to.
    var tag: String { value["tags"]?.elements.first?.text ?? "" }
}
