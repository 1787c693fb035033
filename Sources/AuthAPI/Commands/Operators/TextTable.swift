/// Rows of text in aligned columns, safe to show on a terminal.
struct TextTable: CustomStringConvertible {
    let titles: [String]
    let rows: [[String]]
    /// Whether the titles stand above; not where the rows go on from others.
    var showsTitles = true

    /// The lines, without one at the end; the last column is not padded, so put what has wide characters there.
    var description: String {
        let all = [titles] + rows.map { $0.map(Self.harmless) }
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.dropFirst(showsTitles ? 0 : 1).map { row in
            row.indices.map { column in
                let cell = row[column]
                return column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The text without what could steer a terminal or turn it around (UTS #55): names come from strangers.
    static func harmless(_ text: String) -> String {
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
