import Shared
import Testing

/// A2: the syntax of email addresses.
@Suite struct EmailAddressTests {
    @Test(
        "Addresses are accepted in lower case; surrounding spaces are removed",
        arguments: [
            ("ada@example.com", "ada@example.com"),
            ("  Ada@Example.COM\t", "ada@example.com"),
            ("o'brien+tag@mail.example.co.uk", "o'brien+tag@mail.example.co.uk"),
            ("a@b.cd", "a@b.cd"),
            ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
            ("ada@123.example", "ada@123.example"),
        ]
    )
    func taken(text: String, value: String) throws {
        let email = try EmailAddress(text)
        #expect(email.value == value)
        #expect("\(email.localPart)@\(email.domain)" == value)
    }

    @Test(
        "Invalid addresses are rejected",
        arguments: [
            "ada", "@example.com", "ada@", "ada@@example.com", "a@b@example.com", "ada@example", "ada@example.com.",
            "ada@.example.com", "ada@example..com", ".ada@example.com", "ada.@example.com", "a..da@example.com",
            "ada @example.com", "ada@exa mple.com", "ada@-example.com", "ada@example-.com", "ada@bücher.example",
            "adä@example.com", "ada@example.com\r\nBcc: eve@example.com", "ada\u{0}@example.com", "ada@127.0.0.1",
            "ada@[127.0.0.1]", "\"ada\"@example.com", "ada@exam_ple.com", "ada(x)@example.com", "<ada@example.com>",
            String(repeating: "a", count: 65) + "@example.com",
            "ada@" + String(repeating: "b", count: 64) + ".com",
        ]
    )
    func rejected(text: String) {
        #expect(performing: { try EmailAddress(text) }, throws: { ($0 as? RuleViolation)?.code == .invalidEmail })
    }

    @Test("Spaces only count as a missing address", arguments: ["", "   ", "\n", "\u{3000}"])
    func missing(text: String) {
        #expect(performing: { try EmailAddress(text) }, throws: { ($0 as? RuleViolation)?.code == .required })
    }

    @Test("254 bytes are accepted, 255 are not")
    func length() throws {
        let domain = Array(repeating: String(repeating: "d", count: 61), count: 3).joined(separator: ".") + ".com"
        let local254 = String(repeating: "l", count: 254 - domain.utf8.count - 1)
        #expect(local254.count <= 64)
        let longest = "\(local254)@\(domain)"
        #expect(try EmailAddress(longest).value.utf8.count == 254)
        #expect(
            performing: { try EmailAddress("l" + longest) },
            throws: { ($0 as? RuleViolation)?.code == .tooLong }
        )
    }
}
