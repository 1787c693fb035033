import Foundation
import Testing

@testable import PostgresClient

/// W14: Statements that share a run or run where writes are not allowed only read.
@Suite struct ReadStatementTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../../../Sources/AuthAPI"
    ).standardizedFileURL

    /// The names and texts of all read statements.
    private static func statements() throws -> [(name: String, sql: String)] {
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        let declaration = /struct (\w+): (?:ReadStatement|SharedRead) \{/
        let literal = /static let sql: StaticString =\s*#?(?:"""(?<long>.*?)"""|"(?<short>[^"\n]*)")/
            .dotMatchesNewlines()
        var found: [(String, String)] = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: declaration) {
                let sql = text[match.range.upperBound...].firstMatch(of: literal)
                found.append((String(match.1), String(sql?.long ?? sql?.short ?? "")))
            }
        }
        return found
    }

    @Test("W14: Each read statement is a SELECT that changes and locks nothing")
    func onlyReads() throws {
        let statements = try Self.statements()
        #expect(statements.count >= 8)
        #expect(statements.contains { $0.name == "FindSignedIn" })
        let writes =
            /\b(insert|update|delete|merge|truncate|create|alter|drop|into|lock|call|do|copy|nextval|setval|set_config|pg_\w*advisory\w*|remove_\w+)\b|\bfor (no key update|update|share|key share)\b/
            .ignoresCase()
        for (name, sql) in statements {
            // The names of privileges and functions are not commands.
            let text = sql.replacing(/'[^']*'/, with: "''").trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(text.uppercased().hasPrefix("SELECT"), "\(name)")
            #expect(!text.contains(";") && text.firstMatch(of: writes) == nil, "\(name)")
        }
    }
}
