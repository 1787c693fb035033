import Shared
import Testing

/// F4: A return address can only be a path of this site.
@Suite struct ReturnPathTests {
    @Test(
        "Paths of this site are accepted",
        arguments: [
            "/", "/account", "/account?tab=a&x=1", "/a/b#c", "/a?u=//x", "/account/", "/apiary", "/app/api", "/a.b/c",
            "/login?return_to=%2Fapi", "/%E6%97%A5%E6%9C%AC", "/a%20b", "/100%", "/%zz", "/logout-help", "/languages",
            "/account/data", "/account/data/", "/account/data/downloads", "/data/download", "/account/x/data/download",
        ]
    )
    func taken(text: String) { #expect(ReturnPath(text)?.value == text) }

    @Test(
        "Anything that could lead to another site is rejected",
        arguments: [
            "", "account", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example",
            "https://evil.example", "javascript:alert(1)", "/a//evil", "///evil", "/%2Fevil", "/%2fevil", "/%5cevil",
            "/.//evil", "/..//evil", "/%2e%2e//evil", "/a\tb", "/\t/evil", "/\n/evil", "/a b", " /account", "/a\u{0}",
            "/account\r\nSet-Cookie: a=b", "/ä", "/\u{2028}", "/\u{FF0F}evil", "/" + String(repeating: "a", count: 512),
            "/a/../b", "/a/%2e%2e/b", "/a/%252e%252e/b", "/a%252fb", "/a%00", "/a%0d%0aLocation:x", "/a%7f",
        ]
    )
    func rejected(text: String) { #expect(ReturnPath(text) == nil) }

    @Test(
        "W2: Paths of the API, in any spelling, paths that only accept forms, and the download are rejected",
        arguments: [
            "/api/auth/google?link=true", "/api/auth/google", "/api/auth/callback/google?code=x&state=y", "/api",
            "/api/", "/api?x", "/api#x", "/API/auth/google", "/aPi", "//api/auth/google", "/%61pi/auth/google",
            "/%2561pi/auth/google", "/%252561pi", "/a%70%69/auth/google", "/%41PI/auth", "/./api/auth/google",
            "/x/../api/auth/google", "/x/%2e%2e/api/auth/google", "/%2fapi/auth/google", "/api%2fauth%2fgoogle",
            "/api%252fauth", "/%5capi", "\\api", "/\\api", "/api\\auth", "/api;x=1/auth/google", "/api%3bx/auth",
            "/;x=1/api/auth/google", "/api./auth/google", "/api../auth", "/api%2e/auth", "/api%20/auth", "/api .",
            "/api%00/auth", "/\tapi", "/ap\ni", "/logout", "/logout?x=1", "/LOGOUT", "/%6Cogout/", "/language",
            "/language?language=ja", "/signed-in", "/signed-in?return_to=/api/auth/google",
            "/account/data/download", "/account/data/download/", "/account/data/download?x=1", "/Account/DATA/Download",
            "/account/data/%64ownload", "/account/data;x/download#x", "/account%20/data./download",
        ]
    )
    func actsByGET(text: String) { #expect(ReturnPath(text) == nil) }

    @Test("W2: Decoding ends, however many layers there are")
    func layers() {
        #expect(ReturnPath("/" + "%" + String(repeating: "25", count: 250) + "61pi") == nil)
        #expect(ReturnPath("/" + String(repeating: "%25", count: 170)) != nil)
    }
}
