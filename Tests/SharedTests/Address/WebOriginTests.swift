import Testing

@testable import Shared

/// W34: Origins, with internationalized names in either form.
@Suite struct WebOriginTests {
    @Test(
        "W34 Both forms of a name are one origin",
        arguments: [
            ("https://日本語.jp", "https://xn--wgv71a119e.jp"), ("https://xn--wgv71a119e.jp", "https://xn--wgv71a119e.jp"),
            ("HTTPS://日本語。ＪＰ/", "https://xn--wgv71a119e.jp"),
            ("https://XN--WGV71A119E.jp", "https://xn--wgv71a119e.jp"),
            ("https://Bücher.example:8443", "https://xn--bcher-kva.example:8443"),
            ("https://bu\u{308}cher.example", "https://xn--bcher-kva.example"),
            ("https://faß.de", "https://xn--fa-hia.de"),
            ("http://пример.испытание", "http://xn--e1afmkfd.xn--80akhbyknj4f"),
            ("https://ouji.例え.テスト", "https://ouji.xn--r8jz45g.xn--zckzah"),
            ("https://ドメイン名例.jp", "https://xn--eckwd4c7cu47r2wf.jp"), ("https://i❤.ws", "https://xn--i-7iq.ws"),
            ("https://example.com.", "https://example.com"), ("http://1.2.3.4:80", "http://1.2.3.4"),
            ("http://[2001:DB8::0:1]:8080", "http://[2001:db8::1]:8080"),
            ("http://auth_api:8000", "http://auth_api:8000"),
            ("http://r3---sn.example", "http://r3---sn.example"), ("https://example.com:", "https://example.com"),
            ("https://0xg.0xyz", "https://0xg.0xyz"),
        ]
    )
    func spellings(text: String, expected: String) throws {
        #expect(try WebOrigin(reading: text).description == expected)
        #expect(WebOrigin(expected)?.description == expected)
    }

    @Test(
        "W34 The names and addresses of this machine are recognized",
        arguments: [
            ("http://localhost:8080", true), ("http://app.localhost", true), ("http://127.8.9.1:80", true),
            ("http://[::1]:3000", true), ("http://[::ffff:127.0.0.1]", true), ("http://localhost.example", false),
            ("http://127.example", false), ("http://128.0.0.1", false), ("http://[::2]", false),
            ("http://notlocalhost", false), ("http://0.0.0.0", false),
        ]
    )
    func loopback(text: String, isLoopback: Bool) {
        #expect(WebOrigin(text)?.isLoopback == isLoopback)
    }

    @Test(
        "W34 An invalid address is rejected with the reason",
        arguments: [
            ("日本語.jp", "must begin with https://"), ("https:/日本語.jp", "must begin with https://"),
            ("https://日本 語.jp", "U+0020"), ("https://*.日本語.jp", "U+002A"), ("https://日本語.jp/path", "no path"),
            ("https://日本語.jp?x", "no path"), ("https://user@日本語.jp", "user name"), ("https://", "missing"),
            ("https://日本語..jp", "empty part"), ("https://-日本語.jp", "hyphen"), ("https://日本語-.jp", "hyphen"),
            ("https://\u{301}a.jp", "combining mark"), ("https://xn--zzzzzzzz99.jp", "xn--"),
            ("https://xn--.jp", "hyphen"),
            ("https://xn--abc-.jp", "hyphen"), ("https://xn--a.jp", "xn--"), ("https://日本語.jp:0", "port"),
            ("https://日本語.jp:65536", "port"), ("https://日本語.jp:８０", "port"), ("https://1.2.3", "IPv4"),
            ("https://0x7F000001", "IPv4"), ("https://127.0.0.0x1", "IPv4"), ("https://a.0x", "IPv4"),
            ("https://[::1", "IPv6"), ("https://[日本]", "IPv6"), ("https://日本語.jp\u{202E}", "U+202E"),
            ("https://\(String(repeating: "あ", count: 60)).jp", "longer than 63"),
            ("https://\(String(repeating: "a.", count: 130))jp", "longer than 253"),
            ("https://\(String(repeating: "\u{301}\u{323}", count: 16_000))", "too long"),
        ]
    )
    func reasons(text: String, reason: String) {
        #expect(throws: WebOrigin.Fault.self) { try WebOrigin(reading: text) }
        do {
            _ = try WebOrigin(reading: text)
        } catch {
            #expect(error.reason.contains(reason))
        }
    }

    /// RFC 3492, section 7.1.
    @Test(
        "W34 Punycode: the examples of the RFC",
        arguments: [
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"), ("Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"),
            ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
            ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
            ("安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"),
            ("そのスピードで", "d9juau41awczczp"),
        ]
    )
    func punycode(text: String, encoded: String) {
        #expect(Punycode.encode(Array(text.unicodeScalars)) == encoded)
        // The decoder expects lower case, to which host names are already converted.
        let lowered = Array(text.lowercased().unicodeScalars)
        #expect(Punycode.decode(Punycode.encode(lowered).utf8) == lowered)
    }

    @Test(
        "Non-canonical Punycode is rejected",
        arguments: ["99999999", "a9", "é", "-", "ＡＢ", "zzzzzzzzzzzzzzzzzzzz"]
    )
    func noPunycode(text: String) { #expect(Punycode.decode(text.utf8).map { $0.isEmpty } ?? true) }
}
