public import Hummingbird

/// The names and values of a query or a form (`application/x-www-form-urlencoded`; WHATWG URL Standard, section 5).
///
/// Fields are found by comparing the bytes of their names: a dictionary would hash names from outside.
public struct FormFields: Sendable {
    /// The maximum number of fields; no form and no query of this site has as many.
    public static let maximumCount = 32
    /// The maximum length of a name in bytes, before decoding.
    public static let maximumNameLength = 64

    private struct Field: Sendable {
        let name: String
        let value: String
    }

    private var fields: [Field] = []

    /// Creates fields.
    public init(_ pairs: [(name: String, value: String)] = []) {
        fields = pairs.map { Field(name: $0.name, value: $0.value) }
    }

    /// Parses names and values.
    ///
    /// - Throws: ``APIError`` with `malformed_request` for a broken escape, text that is not UTF-8, a long name, or too
    ///   many fields.
    public init(reading bytes: some Collection<UInt8>) throws(APIError) {
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            guard fields.count < Self.maximumCount else {
                throw APIError(.malformedRequest, detail: "There are too many fields.")
            }
            fields.append(try Self.field(in: pair))
        }
    }

    /// Parses the query of a URL.
    ///
    /// Invalid fields are ignored: a link must not fail because of fields that it does not need.
    public init(query request: Request) {
        let pairs = (request.uri.query ?? "").utf8.split(separator: UInt8(ascii: "&"), maxSplits: Self.maximumCount)
        for pair in pairs.prefix(Self.maximumCount) {
            if let field = try? Self.field(in: pair) { fields.append(field) }
        }
    }

    /// The values of a field, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.isExactly(name) }.map(\.value)
    }

    /// The value of a field, the first of several; nil when it is missing.
    public subscript(name: String) -> String? { fields.first { $0.name.isExactly(name) }?.value }

    /// Whether any name occurs twice.
    public var hasDuplicates: Bool {
        fields.indices.contains { later in
            fields[..<later].contains { $0.name.isExactly(fields[later].name) }
        }
    }

    private static func field(in pair: some Collection<UInt8>) throws(APIError) -> Field {
        let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = halves.first, name.count <= maximumNameLength else {
            throw APIError(.malformedRequest, detail: "A field's name is too long.")
        }
        return Field(name: try text(name), value: halves.count > 1 ? try text(halves[1]) : "")
    }

    private static func text(_ escaped: some Collection<UInt8>) throws(APIError) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(escaped.count)
        var iterator = escaped.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next()?.hexDigit, let low = iterator.next()?.hexDigit else {
                    throw APIError(.malformedRequest, detail: "A field has an invalid escape.")
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw APIError(.malformedRequest, detail: "A field is not UTF-8.")
        }
        return text
    }
}
