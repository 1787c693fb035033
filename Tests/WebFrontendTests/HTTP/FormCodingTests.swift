import Shared
import Testing

@testable import WebFrontend

/// Reading of forms and queries.
@Suite struct FormCodingTests {
    @Test(arguments: [
        ("", [:]), ("a=b", ["a": "b"]), ("a=b&c=d", ["a": "b", "c": "d"]), ("a", ["a": ""]), ("a=", ["a": ""]),
        ("a=b=c", ["a": "b=c"]), ("a=b+c", ["a": "b c"]), ("a=%E3%83%A8%E3%82%B7", ["a": "ヨシ"]), ("&&a=b&", ["a": "b"]),
        ("a%3D=1", ["a=": "1"]), ("=x", ["": "x"]), ("a=%00", ["a": "\u{0}"]),
    ])
    func readableText(text: String, fields: [String: String]) throws {
        #expect(try FormCoding.decode(text.utf8) == fields)
    }

    @Test(arguments: ["a=1&a=2", "a=1&%61=2", "a=%", "a=%f", "a=%fg", "a=%80", "%=1"])
    func unreadableText(text: String) {
        #expect(throws: APIError.self) { try FormCoding.decode(text.utf8) }
    }

    @Test("A long field name is refused before looking it up costs time")
    func longName() throws {
        let name = String(repeating: "\u{301}\u{323}", count: 16_000)
        #expect(throws: APIError.self) { try FormCoding.decode("\(FormCoding.encode(name))=1".utf8) }
        #expect(throws: APIError.self) { try FormCoding.decode("\(String(repeating: "n", count: 65))=1".utf8) }
        let longest = String(repeating: "n", count: 64)
        #expect(try FormCoding.decode("\(longest)=1".utf8) == [longest: "1"])
    }

    @Test(arguments: ["", "a b", "ヨシ!", "&=+%/?#\"<>", "\u{0}\r\n", "~-._"])
    func whatIsWrittenIsReadAgain(text: String) throws {
        let encoded = FormCoding.encode(text)
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"&=+\"<>#".utf8.contains($0) })
        #expect(try FormCoding.decode("a=\(encoded)".utf8) == ["a": text])
    }
}
