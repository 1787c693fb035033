import FoundationEssentials

/// JSON for other programs: keys sorted, times in ISO 8601.
enum JSONText {
    /// Indented JSON.
    static func of(_ value: some Encodable) throws -> String { try text(of: value, .prettyPrinted) }

    /// JSON on one line.
    static func line(of value: some Encodable) throws -> String { try text(of: value, []) }

    private static func text(of value: some Encodable, _ form: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [form, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
