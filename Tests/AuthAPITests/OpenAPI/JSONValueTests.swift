import Testing

@testable import AuthAPI

/// A15: The parser of the document.
@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func keepsTheOrderOfMembers() throws {
        let value = try parse(#"{"z":1,"a":{"y":[true,null],"b":"x"},"m":-2.5}"#)
        #expect(value.members.map(\.name) == ["z", "a", "m"])
        #expect(value["a"]?.members.map(\.name) == ["y", "b"])
        #expect(value.compact == #"{"z":1,"a":{"y":[true,null],"b":"x"},"m":-2.5}"#)
    }

    @Test func readsEscapesAndNumbers() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\tA\u00e9\ud83d\udd10""#) == .string("\"\\/\u{8}\u{C}\n\r\tAé🔐"))
        #expect(try parse(" 1e2 ") == .number(100))
        #expect(try parse("-0.5E-1") == .number(-0.05))
        #expect(try parse("[ ]") == .array([]))
        #expect(try parse("{ }") == .object([]))
    }

    @Test func writesTheJSONThatItReads() throws {
        let value = try parse(#"{"a":"\u0001\"\\é\n","b":[],"c":{},"d":[1,{"e":false}]}"#)
        #expect(try parse(value.compact) == value)
        #expect(try parse(value.pretty) == value)
        #expect(value.pretty.contains("\n  \"d\": [\n    1,\n"))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":1,\"a\":2}", "1 2", "01",
        "1.", ".5", "1e", "+1", "-", "nul", "truex", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\u+123\"",
        "\"\n\"", "NaN", "1e999", "[1]]", String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
    ])
    func rejectsInvalidJSON(text: String) {
        #expect(throws: JSONParser.Failure.self) { try parse(text) }
    }

    @Test func rejectsInvalidUTF8() {
        #expect(throws: JSONParser.Failure.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    }
}
