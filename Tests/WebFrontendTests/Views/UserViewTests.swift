import Shared
import Testing

@testable import WebFrontend

/// How users and their devices are shown (requirement F3).
@Suite struct UserViewTests {
    @Test(arguments: [
        ("Ada Lovelace", "AL"), ("ada", "A"), ("Ada King Lovelace", "AL"), ("山田 太郎", "山太"), ("(Ada) \"L\"", "AL"),
        ("!!!", "•"), ("é\u{301}lan", "É\u{301}"), ("🙂 Ada", "A"), ("محمد علي", "مع"),
    ])
    func initials(name: String, initials: String) {
        #expect(UserView.initials(of: name) == initials)
    }

    @Test(arguments: [
        "http://lh3.googleusercontent.com/a", "https://evil.example/a",
        "https://lh3.googleusercontent.com.evil.example/a",
        "https://user@cdn.discordapp.com/a", "https://cdn.discordapp.com:8443/a", "javascript:alert(1)", "", "//x",
    ])
    func picturesOfOtherHostsAreNotShown(address: String) {
        #expect(UserView.picture(address) == nil)
    }

    @Test func picturesOfProvidersAreShown() {
        #expect(UserView.picture("https://cdn.discordapp.com/avatars/1/a.png") != nil)
        #expect(UserView.picture("https://avatars.githubusercontent.com/u/1?v=4") != nil)
        #expect(UserView.picture(nil) == nil)
    }

    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "Chrome on Windows"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/18.0 Safari/605.1",
            "Safari on macOS"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
            "Safari on iPhone"
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.9.1", "curl"), ("Mozilla/5.0 (X11; Linux x86_64) Ladybird", "Unknown browser on Linux"),
        ("<script>", "Unknown device"), ("", "Unknown device"),
    ])
    func devicesAreDescribed(userAgent: String, text: String) throws {
        #expect(DeviceName(userAgent: userAgent).text(try Translations.embedded()[.english]) == text)
    }
}
