import Foundation
import Shared
import Testing

/// W20: Form, frontend and API clean addresses in the same way; all are tested with the table in Tests/Support.
@Suite struct EmailTableTests {
    struct Row: Decodable, Sendable, CustomStringConvertible {
        let typed: String
        let cleaned: String
        let address: String?
        let fault: String?
        var description: String { typed.debugDescription }
    }

    static func rows() throws -> [Row] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Support/email_addresses.json").standardized
        return try JSONDecoder().decode([Row].self, from: Data(contentsOf: file))
    }

    @Test("W20: Typed text is cleaned, and accepted or rejected with its fault", arguments: try rows())
    func table(row: Row) throws {
        // Canonically equal texts differ here.
        #expect(Array(EmailAddress.cleaned(row.typed).utf8) == Array(row.cleaned.utf8))
        #expect(Array(EmailAddress.cleaned(row.cleaned).utf8) == Array(row.cleaned.utf8))
        #expect((try? EmailAddress(row.typed))?.value == row.address)
        #expect(EmailAddress.fault(in: row.typed)?.rawValue == row.fault)
        if row.fault != nil {
            #expect(
                performing: { try EmailAddress(row.typed) },
                throws: { ($0 as? RuleViolation)?.code == .invalidEmail }
            )
        }
    }

    @Test("W20: The table contains every fault")
    func faults() throws {
        #expect(Set(try Self.rows().compactMap(\.fault)) == Set(EmailAddress.Fault.allCases.map(\.rawValue)))
    }

    @Test("W20: Every format character is removed")
    func formatCharacters() throws {
        var count = 0
        for value in UInt32(0x80)...0xE01FF {
            guard let scalar = Unicode.Scalar(value), scalar.properties.generalCategory == .format else { continue }
            count += 1
            #expect(EmailAddress.cleaned("a\(scalar)da@example.com") == "ada@example.com")
        }
        #expect(count > 150)
    }

    @Test("W20: A provider's address is not cleaned into another one")
    func exactly() {
        for text in ["ada\u{200B}@example.com", "\u{FEFF}ada@example.com", "ａｄａ@example.com", "ada@example。com"] {
            #expect((try? EmailAddress(exactly: text)) == nil)
            #expect((try? EmailAddress(text)) != nil)
        }
        #expect((try? EmailAddress(exactly: " Ada@example.com "))?.value == "ada@example.com")
    }

    @Test("W20: A text far over the limit is rejected before it is cleaned")
    func enormous() {
        let marks = "a" + String(repeating: "\u{301}\u{323}", count: 20_000)
        for text in [marks, String(repeating: "\u{200B}", count: 20_000), marks + "@example.com"] {
            #expect(
                performing: { try EmailAddress(text) },
                throws: { ($0 as? RuleViolation)?.code == .tooLong }
            )
            #expect(EmailAddress.cleaned(text).utf8.count == text.utf8.count)
        }
    }
}
