import Shared

/// Names in the SQL commands that operators run.
enum SQLName {
    /// A quoted identifier.
    static func identifier(_ name: String) -> String { "\"\(name.replacing("\"", by: "\"\""))\"" }

    /// A relation with its schema.
    static func relation(_ schema: String, _ name: String) -> String { "\(identifier(schema)).\(identifier(name))" }

    /// The schemas of a `search_path`, unquoted; `$user` is the role.
    static func schemas(inSearchPath path: String, role: String) -> [String] {
        var schemas: [String] = []
        var name = String.UnicodeScalarView()
        var isQuoted = false
        // Quotes inside quotes are doubled.
        var followsQuote = false
        for character in (path + ",").unicodeScalars {
            if character == "\"" {
                if followsQuote { name.append(character) }
                followsQuote = isQuoted
                isQuoted.toggle()
                continue
            }
            followsQuote = false
            if character == ",", !isQuoted {
                schemas.append(String(name))
                name.removeAll()
            } else if character != " " || isQuoted {
                name.append(character)
            }
        }
        return schemas.filter { !$0.isEmpty }.map { $0 == "$user" ? role : $0 }
    }
}
