import HTTPTypes
import Shared
import Testing

@testable import WebFrontend

/// A11: Pages show the providers that the API lists, and none while it is unavailable.
@Suite struct ProviderListTests {
    private static let company = OAuthProvider(rawValue: "company") ?? .google

    @Test(
        "Buttons are in the order of the list, in the page's language, and plain for an unknown kind"
    )
    func buttons() async throws {
        try await TestSite.with(providers: [.discord, Self.company, .google]) { site in
            for (language, label) in [("en", "Continue with Company"), ("ja", "社内ログインで続ける")] {
                let page = try await site.get("/login", headers: ["Accept-Language": language])
                let starts = page.body.split(separator: "href=\"/api/auth/").dropFirst()
                #expect(starts.map { $0.prefix { $0 != "\"" } } == ["discord", "company", "google"])
                #expect(page.body.contains("<span>\(label)</span>"))
                #expect(page.body.contains(#"class="button button-other" id="continue-company""#))
                #expect(page.body.contains(#"class="button button-google" id="continue-google""#))
            }
            let register = try await site.get("/register")
            #expect(register.body.contains(#"id="continue-company""#))
        }
    }

    @Test("LINE's button has the text that LINE recommends; that of an OpenID provider has the configured name")
    func line() async throws {
        try await TestSite.with(providers: [.line, .openID[0]]) { site in
            for (language, label) in [("en", "Log in with LINE"), ("ja", "LINEでログイン")] {
                let page = try await site.get("/login", headers: ["Accept-Language": language])
                #expect(page.body.contains(#"class="button button-line" id="continue-line""#))
                #expect(page.body.contains("<span>\(label)</span>"))
                #expect(page.body.contains(#"class="button button-other" id="continue-oidc""#))
            }
        }
    }

    @Test("Many pages share one request to the API, also concurrent ones")
    func requestsListOnce() async throws {
        let api = StubAuthAPI()
        try await TestSite.with(api, providers: [.google]) { site in
            try await withThrowingTaskGroup(of: Bool.self) { tasks in
                for _ in 0..<8 {
                    tasks.addTask { try await site.get("/login").body.contains("continue-google") }
                }
                for try await isShown in tasks { #expect(isShown) }
            }
            #expect(api.listRequests == 1)
        }
    }

    @Test("While the API is unavailable, or does not have the list yet, the form has no buttons")
    func unavailableAPI() async throws {
        let address = try await TestSite.abandonedAddress()
        try await TestSite.with(apiURL: address, providers: [.google]) { site in
            let page = try await site.get("/login")
            #expect(page.status == 200)
            #expect(page.body.contains(#"name="password""#) && !page.body.contains("continue-"))
        }
        let old = StubAuthAPI(["GET /api/auth/providers": { _ in StubAuthAPI.problem(.notFound) }])
        try await TestSite.with(old, providers: [.google]) { site in
            let page = try await site.get("/register")
            #expect(page.status == 200 && !page.body.contains("continue-"))
        }
    }

    @Test("An identity of a removed provider is shown by its key and can be disconnected")
    func removed() async throws {
        let gone = IdentityBody(
            id: Identities.gone,
            provider: Self.company,
            email: "ada@company.example",
            linkedAt: Identities.google.linkedAt,
            isUsable: false
        )
        let list = IdentityListBody(identities: [Identities.google, gone], hasPassword: false)
        let api = StubAuthAPI(["GET /api/auth/identities": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(list) }])
        try await TestSite.with(api, providers: [.google]) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains(#"data-method="company" data-linked"#))
            #expect(page.body.contains(#"action="/account/identities/\#(Identities.gone)/unlink""#))
            #expect(page.body.contains("This site no longer offers this service"))
            // The other one is the last sign-in method.
            #expect(!page.body.contains(#"action="/account/identities/\#(Identities.google.id)/unlink""#))
            #expect(page.body.contains("This is your only way to sign in"))
        }
    }

    @Test("A page address cannot name a provider that is not listed: it is \"the other service\"")
    func unlisted() async throws {
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get("/login?oauth_error=provider_error&provider=you_were_hacked")
            #expect(!page.body.contains("with you_were_hacked"))
            #expect(page.body.contains("Signing in with the other service did not work"))
            let confirm = try await site.get("/login?confirm=company")
            #expect(confirm.body.contains(#"name="password""#))
        }
    }
}
