import Testing

@testable import Shared

/// Parsing of forms and queries.
@Suite struct FormFieldsTests {
    @Test(arguments: [
        ("", [:]), ("a=b", ["a": "b"]), ("a=b&c=d", ["a": "b", "c": "d"]), ("a", ["a": ""]), ("a=", ["a": ""]),
        ("a=b=c", ["a": "b=c"]), ("a=b+c", ["a": "b c"]), ("a=%E3%83%A8%E3%82%B7", ["a": "ヨシ"]), ("&&a=b&", ["a": "b"]),
        ("a%3D=1", ["a=": "1"]), ("=x", ["": "x"]), ("a=%00", ["a": "\u{0}"]),
    ])
    func readableText(text: String, expected: [String: String]) throws {
        let fields = try FormFields(reading: text.utf8)
        for (name, value) in expected { #expect(fields.values(name) == [value]) }
        #expect(!fields.hasDuplicates)
        #expect(fields["other"] == nil)
    }

    @Test(arguments: ["a=%", "a=%f", "a=%fg", "a=%80", "%=1"])
    func unreadableText(text: String) {
        #expect(throws: APIError.self) { try FormFields(reading: text.utf8) }
    }

    @Test(arguments: ["a=1&a=2", "a=1&%61=2"])
    func duplicates(text: String) throws {
        let fields = try FormFields(reading: text.utf8)
        #expect(fields.hasDuplicates)
        #expect(fields.values("a") == ["1", "2"])
    }

    @Test("W15 A long field name is rejected before it is compared, and so are too many fields")
    func longName() throws {
        let name = String(repeating: "\u{301}\u{323}", count: 16_000)
        #expect(throws: APIError.self) { try FormFields(reading: "\(name.percentEncoded)=1".utf8) }
        #expect(throws: APIError.self) { try FormFields(reading: "\(String(repeating: "n", count: 65))=1".utf8) }
        let longest = String(repeating: "n", count: 64)
        #expect(try FormFields(reading: "\(longest)=1".utf8)[longest] == "1")
        let many = (0..<33).map { "f\($0)=1" }.joined(separator: "&")
        #expect(throws: APIError.self) { try FormFields(reading: many.utf8) }
    }

    @Test("W15 Names are compared as bytes, not by canonical equivalence")
    func bytes() throws {
        let fields = try FormFields(reading: "e%CC%81=composed".utf8)
        #expect(fields["e\u{301}"] == "composed")
        #expect(fields["\u{e9}"] == nil)
    }

    @Test(arguments: ["", "a b", "ヨシ!", "&=+%/?#\"<>", "\u{0}\r\n", "~-._"])
    func roundTrips(text: String) throws {
        let encoded = text.percentEncoded
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"&=+\"<>#".utf8.contains($0) })
        #expect(try FormFields(reading: "a=\(encoded)".utf8)["a"] == text)
    }
}
