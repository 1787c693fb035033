import Testing

@testable import AuthAPI

/// A11: The encoding of bytes from a browser or a provider.
@Suite struct Base64URLTests {
    @Test("Encoding and decoding are inverse; the alphabet needs no escapes in a URL", arguments: 0...70)
    func roundTrip(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 251) }
        let text = Base64URL.encode(bytes)
        #expect(text.utf8.allSatisfy { "-_".utf8.contains($0) || Character(Unicode.Scalar($0)).isLetterOrDigit })
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test("RFC 4648, section 10, without padding", arguments: [("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("", "")])
    func vectors(plain: String, encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }

    @Test(
        "Only the canonical form is decoded: no two texts have the same bytes",
        arguments: [
            "Zh", "Zv", "Zm9", "Zm-", "Zg==", "Zg=", "Zm8=", "Z", "Zm9vZ", "Zm9v\n", " Zm9v", "Zm 9v", "+/+/", "Zm9é",
            "Zm9v\0",
        ]
    )
    func other(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}

extension Character {
    fileprivate var isLetterOrDigit: Bool { isASCII && (isLetter || isNumber) }
}
