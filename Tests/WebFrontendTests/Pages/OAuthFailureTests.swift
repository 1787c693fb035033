import Shared
import Testing

@testable import WebFrontend

/// Failed flows lead to the sign-in page, with texts of this site (requirements A11, F1).
@Suite struct OAuthFailureTests {
    // Every failure has a separate text, an error ID, and the provider's button.
    @Test(arguments: OAuthFailure.allCases)
    func everyFailureIsExplained(failure: OAuthFailure) async throws {
        let text = try Translations.embedded()[.english].text(failure.text, ["provider": "Google"])
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/login?oauth_error=\(failure.rawValue)&provider=google&error_id=0123456789abcdef0123456789abcdef&return_to=%2Faccount"
            )
            #expect(page.status == 200)
            #expect(page.body.contains(#"id="error-summary" role="group" tabindex="-1" autofocus"#))
            let heading = failure == .signInAgain ? "Connect Google" : "Signing in with Google did not work"
            #expect(page.body.contains(heading))
            #expect(page.body.contains(text.escapedForHTML))
            #expect(page.body.contains("<code>0123456789abcdef0123456789abcdef</code>"))
            #expect(page.body.contains("<title>Error: Sign in"))
            // W23: After the wrong account, Google shows its account chooser.
            let choice = failure.needsAnotherAccount ? "choose=true&amp;" : ""
            #expect(
                page.body.contains("id=\"continue-google\" href=\"/api/auth/google?\(choice)return_to=%2Faccount\"")
            )
            #expect(page.body.contains(#"name="return_to" value="/account""#))
            // Without the failure, so that it is not shown again.
            #expect(page.body.contains(#"data-location="/login?return_to=%2Faccount""#))
        }
    }

    @Test func textsAreAllDifferent() {
        #expect(Set(OAuthFailure.allCases.map(\.text)).count == OAuthFailure.allCases.count)
    }

    // A flow that may succeed on retry can be restarted, with the same return address.
    @Test(arguments: [
        (OAuthFailure.providerUnavailable, true), (.providerError, true), (.flowExpired, true), (.accessDenied, true),
        (.internalError, true), (.clockSkew, true), (.identityTaken, false), (.providerDisabled, false),
        (.notFromThisSite, false), (.signInRequired, false),
    ])
    func offersRetryWhereItHelps(failure: OAuthFailure, isOffered: Bool) async throws {
        let path = "/login?oauth_error=\(failure.rawValue)&provider=discord&return_to=%2Faccount"
        let link = #"id="oauth-retry" href="/api/auth/discord?return_to=%2Faccount">Try again with Discord</a>"#
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get(path)
            #expect(page.body.contains(link) == isOffered)
        }
        // Not with a disabled provider.
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(path)
            #expect(page.body.contains("error-summary"))
            #expect(!page.body.contains("/api/auth/discord"))
        }
    }

    // W23
    @Test(arguments: [
        OAuthFailure.emailUnverified, .identityDisconnected, .accountExists, .providerAlreadyLinked,
    ])
    func anotherAccountIsOffered(failure: OAuthFailure) async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get(
                "/login?oauth_error=\(failure.rawValue)&provider=discord&return_to=%2Faccount"
            )
            let start = "/api/auth/discord?choose=true&amp;return_to=%2Faccount"
            #expect(page.body.contains("id=\"oauth-retry\" href=\"\(start)\">Choose another account at Discord</a>"))
            #expect(page.body.contains("id=\"continue-discord\" href=\"\(start)\""))
        }
    }

    // W23: The visitor may have another account that is enabled, or registered.
    @Test(arguments: [OAuthFailure.accountDisabled, .registrationClosed, .notInvited])
    func providerAsksWhichAccount(failure: OAuthFailure) async throws {
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get("/login?oauth_error=\(failure.rawValue)&provider=discord")
            #expect(page.body.contains(#"id="continue-discord" href="/api/auth/discord?choose=true""#))
            #expect(!page.body.contains("oauth-retry"))
        }
    }

    // W18: A visitor from another site must confirm; the page names the session that would end.
    @Test func signingInThroughAProviderIsConfirmed() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let path = "/login?confirm=google&return_to=%2Faccount%3Fa=1"
            let anonymous = try await site.get(path)
            #expect(anonymous.status == 200)
            #expect(anonymous.body.contains("<h1>Sign in with Google?</h1>"))
            let start = #"id="continue-google" href="/api/auth/google?return_to=%2Faccount%3Fa%3D1""#
            #expect(anonymous.body.contains(start))
            #expect(anonymous.body.contains(#"id="not-now" href="/login?return_to=%2Faccount%3Fa%3D1""#))
            #expect(!anonymous.body.contains("You are signed in as"))
            #expect(!anonymous.body.contains("login-form"))
            let signedIn = try await site.get(path, cookie: StubAuthAPI.cookie)
            #expect(signedIn.body.contains("You are signed in as <bdi>ada@example.com</bdi>. Signing in again ends"))
            #expect(signedIn.body.contains(start))
            #expect(signedIn.body.contains(#"id="not-now" href="/account?a=1">Stay signed in</a>"#))
            for other in ["discord", "evil", ""] {
                let page = try await site.get("/login?confirm=\(other)")
                #expect(page.body.contains("<h1>Sign in</h1>"))
                #expect(try await site.get("/login?confirm=\(other)", cookie: StubAuthAPI.cookie).location == "/")
            }
        }
    }

    // W2: Links of the page never lead to an address that changes something.
    @Test(arguments: ["/api/auth/google?link=true", "/%61pi/auth/google", "//api/x", "/API/auth/google", "/logout"])
    func returnPathsOfTheAPIAreDropped(target: String) async throws {
        let query = target.percentEncoded
        try await TestSite.with(providers: [.google]) { site in
            for path in [
                "/login?return_to=\(query)", "/login?oauth_error=access_denied&provider=google&return_to=\(query)",
                "/login?confirm=google&return_to=\(query)", "/register?return_to=\(query)",
            ] {
                let page = try await site.get(path)
                #expect(page.status == 200)
                // Two forms have such a field: the page's, which is empty, and the language form's, which has the page's address.
                let main = page.body.split(separator: "</main>")[0]
                #expect(!main.contains("return_to"))
                #expect(!main.contains("link=true"))
            }
            let signedIn = try await site.get(
                "/login?oauth_error=access_denied&provider=google&return_to=\(query)",
                cookie: StubAuthAPI.cookie
            )
            #expect(signedIn.body.contains(#"id="continue" href="/">Continue</a>"#))
            #expect(try await site.get("/login?return_to=\(query)", cookie: StubAuthAPI.cookie).location == "/")
            #expect(try await site.get("/register?return_to=\(query)", cookie: StubAuthAPI.cookie).location == "/")
            #expect(try await site.get("/signed-in?return_to=\(query)", cookie: StubAuthAPI.cookie).location == "/")
            let language = try await site.post("/language", ["language": "ja", "return_to": target])
            #expect(language.location == "/")
            let form: KeyValuePairs = ["email": "ada@example.com", "password": "Correct-Horse-7", "return_to": target]
            #expect(try await site.post("/login", form).location == "/signed-in")
        }
    }

    // W19: No page shows text from its address, in any parameter.
    @Test(arguments: ["/", "/login", "/register", "/account", "/signed-in", "/nowhere"])
    func noTextFromTheURLIsShown(path: String) async throws {
        let names = [
            "oauth_error", "provider", "error_id", "email", "name", "notice", "connected", "connect", "confirm",
            "choose",
            "language", "message", "error", "password", "code", "state", "request_id", "iss",
        ]
        let query = names.map { "\($0)=Call-0800-555-0199-and-give-your-password" }.joined(separator: "&")
        try await TestSite.with(providers: [.google, .discord]) { site in
            for failure in ["", "oauth_error=access_denied&"] {
                for cookie in [nil, StubAuthAPI.cookie] {
                    let query =
                        failure.isEmpty
                        ? query : failure + query.split(separator: "&").dropFirst().joined(separator: "&")
                    let page = try await site.get("\(path)?\(query)", cookie: cookie)
                    // The language form has the address in a hidden field.
                    let seen = page.body.replacing(/<input type="hidden"[^>]*>/, with: "")
                    #expect(!seen.contains("Call-0800"), "\(path)")
                    #expect(page.location?.contains("Call-0800") != true)
                }
            }
        }
    }

    // Nothing from the address is shown: no unknown code, no other provider, no text in place of an ID.
    @Test(arguments: [
        "oauth_error=Call+0900-1234", "oauth_error=%3Cb%3Ehi%3C/b%3E&provider=google", "oauth_error=",
        "provider=google",
        "oauth_error=ACCESS_DENIED&error_id=0123456789abcdef0123456789abcdef",
        "oauth_error=access_denied&oauth_error=flow_expired",
    ])
    func unknownFailuresAreIgnored(query: String) async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get("/login?\(query)")
            #expect(page.status == 200)
            #expect(!page.body.contains("error-summary"))
            #expect(page.body.contains("<title>Sign in"))
        }
    }

    @Test(arguments: [
        "short", "with%20blank%20and%20more", "%3Cscript%3Ealert%281%29%3C/script%3E", "0123456789abcdef!", "",
        "%D0%B00123456789", String(repeating: "a", count: 65),
        // W19
        "Call-0800-555-0199-and-give-your-password", "0123456789abcdef", "0123456789abcdef-123456789abcdef",
        String(repeating: "89ABCDEF", count: 4), String(repeating: "a", count: 33),
        String(repeating: "abcdefgh", count: 4),
        "%EF%BC%90123456789abcdef0123456789abcde",
    ])
    func malformedErrorIDIsNotShown(id: String) async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?oauth_error=provider_error&provider=google&error_id=\(id)")
            #expect(page.body.contains("We received an unexpected response from Google."))
            #expect(!page.body.contains("Reference for support"))
        }
    }

    @Test(arguments: ["evil", "", "GOOGLE", "google%20"])
    func unknownProviderIsNotNamed(provider: String) async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?oauth_error=access_denied&provider=\(provider)")
            #expect(page.body.contains("Signing in with the other service did not work"))
        }
    }

    // W22: A repeated callback in a signed-in browser redirects without an error.
    @Test func redirectsSignedInUser() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let path = "/login?oauth_error=flow_expired&provider=google"
            let page = try await site.get("\(path)&return_to=%2Faccount%3Fa=1", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303)
            #expect(page.location == "/account?a=1")
            #expect(try await site.get(path, cookie: StubAuthAPI.cookie).location == "/account")
            #expect(try await site.get(path).body.contains("The sign-in took too long, was already completed"))
        }
    }

    // A signed-in user sees any other failure, with a link to continue.
    @Test func showsSignedInNoticeWithContinueLink() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/login?oauth_error=access_denied&provider=google&return_to=%2Faccount",
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 200)
            #expect(page.body.contains("You did not grant access at Google"))
            #expect(page.body.contains("You are signed in as <bdi>ada@example.com</bdi>."))
            #expect(page.body.contains(#"id="continue" href="/account">Continue</a>"#))
            #expect(!page.body.contains("login-form"))
            #expect(!page.body.contains("/api/auth/google"))
        }
    }
}
