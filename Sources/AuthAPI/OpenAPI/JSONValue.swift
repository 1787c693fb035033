/// A JSON value whose objects keep the order of their members.
///
/// The order of the OpenAPI document is the order of the page; Foundation's decoder does not keep it.
enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One member of an object.
    struct Member: Sendable, Equatable {
        let name: String
        let value: JSONValue
    }

    /// Parses a JSON text.
    ///
    /// Throws `JSONParser.Failure` when it is invalid, has a duplicate key, or is nested too deeply.
    init(parsing bytes: [UInt8]) throws(JSONParser.Failure) {
        self = try JSONParser.value(of: bytes)
    }

    /// The value of an object's member; nil if it is missing and for other values.
    subscript(name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }

    /// The members of an object; empty for other values.
    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of an array; empty for other values.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text of a string; nil for other values.
    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, if it is an integer.
    var integer: Int? {
        if case .number(let number) = self { Int(exactly: number) } else { nil }
    }

    /// The Boolean; nil for other values.
    var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }
}

extension JSONValue {
    /// The value as JSON on one line.
    var compact: String { written(indent: nil, level: 0) }

    /// The value as JSON, indented by two spaces per level.
    var pretty: String { written(indent: "  ", level: 0) }

    private func written(indent: String?, level: Int) -> String {
        switch self {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): integer.map(String.init) ?? String(number)
        case .string(let text): Self.quoted(text)
        case .array(let elements):
            Self.enclosed("[", elements.map { $0.written(indent: indent, level: level + 1) }, "]", indent, level)
        case .object(let members):
            Self.enclosed(
                "{",
                members.map { member in
                    let value = member.value.written(indent: indent, level: level + 1)
                    return "\(Self.quoted(member.name)):\(indent == nil ? "" : " ")\(value)"
                },
                "}",
                indent,
                level
            )
        }
    }

    private static func enclosed(
        _ open: String,
        _ parts: [String],
        _ close: String,
        _ indent: String?,
        _ level: Int
    ) -> String {
        guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ",") + close }
        let outer = "\n" + String(repeating: indent, count: level)
        return open + parts.map { outer + indent + $0 }.joined(separator: ",") + outer + close
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..."\u{1F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
