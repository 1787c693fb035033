import Shared
import Testing

@testable import WebFrontend

/// Flows through providers that failed end on the page for signing in, with words of this site (requirements A11, F1).
@Suite struct OAuthFailureTests {
    // Every failure has a text of its own, an error id to ask about, and the provider's button.
    @Test(arguments: OAuthFailure.allCases)
    func everyFailureIsExplained(failure: OAuthFailure) async throws {
        let text = try Translations.embedded()[.english].text(failure.text, ["provider": "Google"])
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/login?oauth_error=\(failure.rawValue)&provider=google&error_id=0123456789abcdef&return_to=%2Faccount"
            )
            #expect(page.status == 200)
            #expect(page.body.contains(#"id="error-summary" role="alert" tabindex="-1" autofocus"#))
            #expect(page.body.contains("Signing in with Google did not work"))
            #expect(page.body.contains(text.escapedForHTML))
            #expect(page.body.contains("<code>0123456789abcdef</code>"))
            #expect(page.body.contains("<title>Error: Sign in"))
            #expect(page.body.contains(#"id="continue-google" href="/api/auth/google?return_to=%2Faccount""#))
            #expect(page.body.contains(#"name="return_to" value="/account""#))
            // Without the failure, so that it is not shown again.
            #expect(page.body.contains(#"data-location="/login?return_to=%2Faccount""#))
        }
    }

    @Test func textsAreAllDifferent() {
        #expect(Set(OAuthFailure.allCases.map(\.text)).count == OAuthFailure.allCases.count)
    }

    // A flow that may work the next time can be started again at once, to the same end.
    @Test(arguments: [
        (OAuthFailure.providerUnavailable, true), (.providerError, true), (.flowExpired, true), (.accessDenied, true),
        (.internalError, true), (.identityTaken, false), (.providerDisabled, false), (.notFromThisSite, false),
    ])
    func tryingAgainIsOfferedWhereItHelps(failure: OAuthFailure, isOffered: Bool) async throws {
        let path = "/login?oauth_error=\(failure.rawValue)&provider=discord&return_to=%2Faccount"
        let link = #"id="oauth-retry" href="/api/auth/discord?return_to=%2Faccount">Try again with Discord</a>"#
        try await TestSite.with(providers: [.discord]) { site in
            let page = try await site.get(path)
            #expect(page.body.contains(link) == isOffered)
        }
        // Not with a provider that is not set up.
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(path)
            #expect(page.body.contains("error-summary"))
            #expect(!page.body.contains("/api/auth/discord"))
        }
    }

    // Nothing from the address is shown: not an unknown code, not another provider, not a text in place of an id.
    @Test(arguments: [
        "oauth_error=Call+0900-1234", "oauth_error=%3Cb%3Ehi%3C/b%3E&provider=google", "oauth_error=",
        "provider=google",
        "oauth_error=ACCESS_DENIED&error_id=0123456789abcdef", "oauth_error=access_denied&oauth_error=flow_expired",
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
    ])
    func malformedErrorIDIsNotShown(id: String) async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?oauth_error=provider_error&provider=google&error_id=\(id)")
            #expect(page.body.contains("We could not use the answer from Google."))
            #expect(!page.body.contains("Error number, if you ask us"))
        }
    }

    @Test(arguments: ["evil", "", "GOOGLE", "google%20"])
    func unknownProviderIsNotNamed(provider: String) async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?oauth_error=access_denied&provider=\(provider)")
            #expect(page.body.contains("Signing in with the other service did not work"))
        }
    }

    // A callback that was opened twice: the second time somebody is signed in, who is told and can go on.
    @Test func whoIsSignedInIsToldAndCanGoOn() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/login?oauth_error=flow_expired&provider=google&return_to=%2Faccount",
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 200)
            #expect(page.body.contains("It took too long, was finished before"))
            #expect(page.body.contains("You are signed in as <bdi>ada@example.com</bdi>."))
            #expect(page.body.contains(#"id="continue" href="/account">Continue</a>"#))
            #expect(!page.body.contains("login-form"))
            #expect(!page.body.contains("/api/auth/google"))
        }
    }
}
