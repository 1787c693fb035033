import Shared

/// A user in a file, before validation.
struct ImportRow: Sendable, Equatable {
    /// The fields of a row.
    enum Field: String, CaseIterable, Sendable {
        case id, email, name, disabled
        case passwordHash = "password_hash"
        case emailVerified = "email_verified"
        case createdAt = "created_at"

        /// The names, for messages and help.
        static let names = allCases.map(\.rawValue).sorted().joined(separator: ", ")
    }

    /// The fault of a row.
    struct Fault: Error, Equatable, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
        init(_ field: Field, _ reason: String) { description = "\(field.rawValue): \(reason)" }
    }

    /// The values of the fields that are present and not empty.
    var values: [Field: String] = [:]

    /// Parses a line of JSON: an object of strings, where `disabled` and `email_verified` may be Booleans.
    init(json line: [UInt8]) throws(Fault) {
        let wrongShape = Fault("the line is not a JSON object of strings, true, false and null")
        guard case .object(let members)? = try? JSONValue(parsing: line) else { throw wrongShape }
        for member in members {
            guard let field = Field(rawValue: member.name) else { throw Self.unknown(member.name) }
            switch member.value {
            case .string(let text): if !text.isEmpty { values[field] = text }
            case .bool(let flag):
                guard field == .disabled || field == .emailVerified else { throw Fault(field, "must be a string") }
                values[field] = flag ? "true" : "false"
            case .null: break
            case .number, .array, .object: throw wrongShape
            }
        }
    }

    /// Creates a row from the fields of a CSV record; an empty field counts as absent.
    init(_ fields: [String], header: [Field]) throws(Fault) {
        guard fields.count == header.count else {
            throw Fault("the row has \(fields.count) fields and the header \(header.count)")
        }
        for (field, text) in zip(header, fields) where !text.isEmpty { values[field] = text }
    }

    /// Parses the header of CSV.
    static func header(_ names: [String]) throws(Fault) -> [Field] {
        var header: [Field] = []
        for name in names {
            let name = name.trimmingBlanks()
            guard let field = Field(rawValue: name) else { throw unknown(name) }
            guard !header.contains(field) else { throw Fault("the column \(name) occurs twice") }
            header.append(field)
        }
        guard header.contains(.email) else { throw Fault("the first line must name the columns, including email") }
        return header
    }

    private static func unknown(_ name: String) -> Fault {
        Fault("there is no field \"\(TextTable.sanitized(String(name.prefix(40))))\"; the fields are \(Field.names)")
    }
}
