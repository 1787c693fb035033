/// Rows of text in aligned columns, safe for terminals.
struct TextTable: CustomStringConvertible {
    let titles: [String]
    let rows: [[String]]
    /// Whether to print the titles; not for the continuation of a table.
    var showsTitles = true

    /// The lines, without a final line break.
    ///
    /// The last column is not padded, so it is the place for wide characters.
    var description: String {
        let all = [titles] + rows.map { $0.map(Self.sanitized) }
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.dropFirst(showsTitles ? 0 : 1).map { row in
            row.indices.map { column in
                let cell = row[column]
                return column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The text without control and bidirectional characters (UTS #55): names are untrusted.
    static func sanitized(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "?"
                    default: scalar
                    }
                }
            )
        )
    }
}
