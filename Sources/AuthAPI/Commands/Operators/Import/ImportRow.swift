import FoundationEssentials
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
        let object: [String: Value]
        do {
            object = try JSONDecoder().decode([String: Value].self, from: Data(line))
        } catch {
            throw Fault("the line is not a JSON object of strings, true, false and null")
        }
        for (name, value) in object {
            guard let field = Field(rawValue: name) else { throw Self.unknown(name) }
            switch value {
            case .text(let text): if !text.isEmpty { values[field] = text }
            case .bool(let flag):
                guard field == .disabled || field == .emailVerified else { throw Fault(field, "must be a string") }
                values[field] = flag ? "true" : "false"
            case .null: break
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
        for (index, name) in names.enumerated() {
            // Spreadsheets write a byte order mark before the first name.
            let name = (index == 0 && name.hasPrefix("\u{FEFF}") ? String(name.unicodeScalars.dropFirst()) : name)
                .trimmingBlanks()
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

    private enum Value: Decodable {
        case text(String)
        case bool(Bool)
        case null

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let flag = try? container.decode(Bool.self) {
                self = .bool(flag)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }
}
