import Foundation

@testable import AuthAPI

/// Validates JSON values by the part of JSON Schema 2020-12 that the OpenAPI document uses.
///
/// An unsupported keyword is a violation, so that the document contains no rule that is not tested.
struct JSONSchemaValidator: Sendable {
    let document: OpenAPIDocument

    private static let annotations: Set<String> = [
        "$ref", "description", "example", "examples", "x-enum-descriptions",
    ]

    /// The violations of a value, each with its position.
    func violations(of value: JSONValue, against schema: JSONValue, at place: String = "") -> [String] {
        var found: [String] = []
        // A reference and the keywords beside it both apply.
        if let reference = schema["$ref"] {
            let target = document.resolve(.object([.init(name: "$ref", value: reference)]))
            if target["$ref"] != nil { return ["\(place): \(reference.compact) leads nowhere"] }
            found += violations(of: value, against: target, at: place)
        }
        for keyword in schema.members where !Self.annotations.contains(keyword.name) {
            found += check(keyword, of: schema, on: value, at: place).map { "\(place.isEmpty ? "/" : place): \($0)" }
        }
        for property in value.members {
            guard let rule = schema["properties"]?[property.name] else { continue }
            found += violations(of: property.value, against: rule, at: "\(place)/\(property.name)")
        }
        if let items = schema["items"] {
            for (index, element) in value.elements.enumerated() {
                found += violations(of: element, against: items, at: "\(place)/\(index)")
            }
        }
        for part in schema["allOf"]?.elements ?? [] {
            found += violations(of: value, against: part, at: place)
        }
        return found
    }

    private func check(
        _ keyword: JSONValue.Member,
        of schema: JSONValue,
        on value: JSONValue,
        at place: String
    ) -> [String] {
        let rule = keyword.value
        switch keyword.name {
        case "type":
            let types = (rule.text.map { [$0] } ?? rule.elements.compactMap(\.text))
            return expect(types.contains { value.isOfType($0) }, "\(value.compact) is not of type \(rule.compact)")
        case "enum": return expect(rule.elements.contains(value), "\(value.compact) is none of \(rule.compact)")
        case "const": return expect(rule == value, "\(value.compact) is not \(rule.compact)")
        case "required":
            guard case .object = value else { return [] }
            return rule.elements.compactMap(\.text).filter { value[$0] == nil }.map { "\($0) is missing" }
        case "additionalProperties":
            guard rule == .bool(false) else { return ["additionalProperties must be false"] }
            let known = Set((schema["properties"]?.members ?? []).map(\.name))
            return value.members.map(\.name).filter { !known.contains($0) }.map { "\($0) is not described" }
        case "oneOf", "anyOf":
            let matches = rule.elements.filter { violations(of: value, against: $0, at: place).isEmpty }.count
            return expect(
                keyword.name == "oneOf" ? matches == 1 : matches > 0,
                "\(value.compact) matches \(matches) of \(keyword.name)"
            )
        case "minLength", "maxLength", "pattern", "format":
            return value.text.map { checkText($0, keyword) } ?? []
        case "minimum", "maximum", "minItems", "maxItems":
            return checkSize(of: value, keyword)
        case "properties", "items", "allOf": return []
        default: return ["the validator does not support \(keyword.name)"]
        }
    }

    private func checkText(_ text: String, _ keyword: JSONValue.Member) -> [String] {
        // JSON Schema counts code points.
        let length = text.unicodeScalars.count
        switch keyword.name {
        case "minLength": return expect(length >= keyword.value.integer ?? .max, "\(text) is too short")
        case "maxLength": return expect(length <= keyword.value.integer ?? -1, "\(text) is too long")
        case "pattern":
            let pattern = keyword.value.text ?? ""
            return expect(text.matches(pattern), "\(text) does not match \(pattern)")
        default:
            let format = keyword.value.text ?? ""
            return expect(text.hasFormat(format), "\(text) is no \(format)")
        }
    }

    private func checkSize(of value: JSONValue, _ keyword: JSONValue.Member) -> [String] {
        guard case .number(let bound) = keyword.value else { return ["\(keyword.name) is no number"] }
        switch (keyword.name, value) {
        case ("minimum", .number(let number)): return expect(number >= bound, "\(number) is below \(bound)")
        case ("maximum", .number(let number)): return expect(number <= bound, "\(number) is above \(bound)")
        case ("minItems", .array(let items)): return expect(Double(items.count) >= bound, "too few items")
        case ("maxItems", .array(let items)): return expect(Double(items.count) <= bound, "too many items")
        default: return []
        }
    }

    private func expect(_ isTrue: Bool, _ message: @autoclosure () -> String) -> [String] {
        isTrue ? [] : [message()]
    }
}

extension JSONValue {
    fileprivate func isOfType(_ type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .bool), ("string", .string), ("array", .array), ("object", .object),
            ("number", .number):
            true
        case ("integer", .number): integer != nil
        default: false
        }
    }
}

extension String {
    /// Whether the regular expression matches a part of the text.
    fileprivate func matches(_ pattern: String) -> Bool {
        range(of: pattern, options: .regularExpression) != nil
    }

    /// Whether the text has a format of JSON Schema; false for an unknown format.
    fileprivate func hasFormat(_ format: String) -> Bool {
        switch format {
        case "uuid": matches("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        case "date-time":
            matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$")
                && (try? Date(self, strategy: .iso8601)) != nil
        case "email": matches("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$")
        case "uri": matches("^[A-Za-z][A-Za-z0-9+.-]*:[^\\s]+$")
        case "password": true
        default: false
        }
    }
}
