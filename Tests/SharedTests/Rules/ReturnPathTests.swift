import Shared
import Testing

/// F4: a return address can only be a path of this site.
@Suite struct ReturnPathTests {
    @Test("Paths of this site are taken", arguments: ["/", "/account", "/account?tab=a&x=1", "/a/b#c", "/a?u=//x"])
    func taken(text: String) { #expect(ReturnPath(text)?.value == text) }

    @Test(
        "Whatever could lead elsewhere is refused",
        arguments: [
            "", "account", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
            "https://evil.example", "javascript:alert(1)", "/a//evil", "///evil", "/%2Fevil", "/%2fevil", "/%5cevil",
            "/.//evil", "/..//evil", "/%2e%2e//evil", "/a\tb", "/\t/evil", "/\n/evil", "/a b", " /account", "/a\u{0}",
            "/account\r\nSet-Cookie: a=b", "/ä", "/\u{2028}", "/\u{FF0F}evil", "/" + String(repeating: "a", count: 512),
        ]
    )
    func refused(text: String) { #expect(ReturnPath(text) == nil) }
}
