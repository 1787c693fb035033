import Foundation
import Testing

@testable import AuthAPI

@Suite struct UUIDTests {
    @Test("Random UUIDs have version 4 and are unique")
    func random() {
        let made = (0..<1000).map { _ in UUID.random() }
        #expect(Set(made).count == 1000)
        #expect(made.allSatisfy { $0.uuid.6 >> 4 == 4 && $0.uuid.8 >> 6 == 2 })
        // Every other bit is set in some and not in others.
        let bytes = made.map { id in withUnsafeBytes(of: id.uuid) { Array($0) } }
        let union = bytes.reduce([UInt8](repeating: 0, count: 16)) { zip($0, $1).map { $0 | $1 } }
        let common = bytes.reduce([UInt8](repeating: 0xFF, count: 16)) { zip($0, $1).map { $0 & $1 } }
        #expect(union == (0..<16).map { $0 == 6 ? 0x4F : $0 == 8 ? 0xBF : 0xFF })
        #expect(common == (0..<16).map { $0 == 6 ? 0x40 : $0 == 8 ? 0x80 : 0 })
    }

    @Test("The text is the library's, in lower case")
    func text() {
        for id in (0..<1000).map({ _ in UUID.random() }) { #expect(id.lowercaseText == id.uuidString.lowercased()) }
    }
}
