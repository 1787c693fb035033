import Foundation
import Testing

@testable import Shared

/// E5: Directly written JSON equals that of the encoder.
@Suite struct JSONBytesTests {
    static let texts = [
        "", "plain", "\"", "\\", "\\\"", "/", "a\"b\\c\nd\re\tf\u{0}g\u{1F}h\u{7F}i\u{85}j\u{2028}k\u{2029}l", "山田 太郎",
        "👩‍👩‍👧", "</script>", String(repeating: "é\"", count: 2000), "\u{FEFF}x", "e\u{301}",
    ]

    @Test("Any string is decoded unchanged, and its JSON contains no control character", arguments: texts)
    func string(text: String) throws {
        var json = JSONBytes()
        json.append("[")
        json.append(string: text)
        json.append(",")
        json.append(string: nil)
        json.append("]")
        let bytes = Data(json.bytes)
        #expect(try JSONDecoder().decode([String?].self, from: bytes) == [text, nil])
        #expect(!bytes.contains { $0 < 0x20 || $0 == 0x7F })
    }

    @Test("Every character of up to two bytes is decoded unchanged")
    func characters() throws {
        for scalar in (0..<0x800).compactMap(Unicode.Scalar.init) {
            let text = "a\(scalar)b"
            var json = JSONBytes()
            json.append(string: text)
            #expect(try JSONDecoder().decode(String.self, from: Data(json.bytes)) == text)
        }
    }

    @Test("A user is encoded as by the encoder", arguments: texts)
    func user(text: String) throws {
        for picture in [nil, text] {
            let user = UserBody(id: "01890a5d-ac96-774b-bcce-b302099a8057", email: text, name: text, avatarURL: picture)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let written = Data(user.json.bytes)
            #expect(try JSONDecoder().decode(UserBody.self, from: written) == user)
            let fields = try JSONSerialization.jsonObject(with: written) as? NSDictionary
            #expect(try fields == JSONSerialization.jsonObject(with: encoder.encode(user)) as? NSDictionary)
        }
    }
}
