import FoundationEssentials
import Hummingbird
import Shared

/// A JSON object from a request, parsed strictly, with every fault collected by field.
///
/// All bodies of this API are flat objects of strings. Duplicate keys are rejected, because parsers differ on which one
/// counts (RFC 8259, section 4).
struct JSONBody {
    private enum Value: Decodable {
        case string(String)
        case null
        case other

        init(from decoder: any Decoder) throws {
            guard let container = try? decoder.singleValueContainer() else {
                self = .other
                return
            }
            if container.decodeNil() {
                self = .null
            } else if let text = try? container.decode(String.self) {
                self = .string(text)
            } else {
                self = .other
            }
        }
    }

    /// The maximum number of keys; no body of this API has as many.
    ///
    /// The decoder throws an error for each value that is not a string, thousands of times for a body of 64 KiB.
    static let maximumKeyCount = 32
    /// The maximum length of a key in bytes, before decoding escapes.
    private static let maximumKeyLength = 128

    // bounded: maximumKeyLength
    private var values: [String: Value]
    private(set) var faults: [FieldError] = []

    /// Reads the body of a request.
    ///
    /// - Throws: ``APIError`` with `unsupported_media_type`, `payload_too_large`, `request_timeout` or
    ///   `malformed_request`.
    init(_ request: Request) async throws {
        guard request.headers.hasContentType("application/json") else {
            throw APIError(.unsupportedMediaType, detail: "Send the body as application/json.")
        }
        let buffer = try await request.boundedBody()
        try self.init(bytes: Array(buffer.readableBytesView))
    }

    /// Parses a JSON text.
    init(bytes: [UInt8]) throws(APIError) {
        guard let keys = JSONKeyScan(bytes), keys.count <= Self.maximumKeyCount,
            keys.longest <= Self.maximumKeyLength,
            // bounded: the keys are
            let values = try? JSONDecoder().decode([String: Value].self, from: Data(bytes))
        else {
            throw APIError(.malformedRequest, detail: "The body is not a JSON object with few, short keys.")
        }
        guard keys.count == values.count else {
            throw APIError(.malformedRequest, detail: "The body has a duplicate key.")
        }
        self.values = values
    }

    /// Removes a string field from the body; nil, and a fault, when it is missing or not a string.
    mutating func text(_ field: String) -> String? {
        switch values.removeValue(forKey: field) {
        case .string(let text): return text
        case .null, nil: faults.append(.init(field: field, code: .required, detail: "This field is required."))
        case .other: faults.append(.init(field: field, code: .wrongType, detail: "This field must be a string."))
        }
        return nil
    }

    /// Removes a string field from the body and parses it by a rule; nil, and a fault, when it violates the rule.
    mutating func value<Value>(_ field: String, _ rule: (String) throws(RuleViolation) -> Value) -> Value? {
        guard let text = text(field) else { return nil }
        do {
            return try rule(text)
        } catch {
            faults.append(error.inField(field))
            return nil
        }
    }

    /// Removes an optional string field from the body and parses it by a rule; nil, and a fault, when it violates the
    /// rule.
    mutating func optionalValue<Value>(_ field: String, _ rule: (String) throws(RuleViolation) -> Value) -> Value? {
        if case .null? = values[field] { values[field] = nil }
        return values[field] == nil ? nil : value(field, rule)
    }

    /// Records faults of a field.
    mutating func report(_ violations: [RuleViolation], in field: String) {
        faults += violations.map { $0.inField(field) }
    }

    /// Reports the faults.
    ///
    /// - Throws: ``APIError`` with `invalid_fields` when there are faults, including unknown fields.
    mutating func finish() throws(APIError) {
        for field in values.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }).prefix(10) {
            faults.append(.init(field: field, code: .unknownField, detail: "This field is unknown."))
        }
        guard faults.isEmpty else { throw .invalidFields(faults) }
    }
}
