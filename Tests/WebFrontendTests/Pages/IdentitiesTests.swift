import Shared
import Testing

@testable import WebFrontend

/// Sign-in methods on the account page, linking and unlinking (requirements A12, F4).
@Suite struct IdentitiesTests {
    @Test func linkedAccountsAreListed() async throws {
        try await TestSite.with(providers: [.google, .discord]) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200)
            let methods = page.body.split(separator: "data-method=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
            #expect(methods == ["password", "google", "discord"])
            #expect(page.body.contains(#"<bdi class="address">ada@gmail.example</bdi>"#))
            let time = #"<time datetime="2026-11-23T07:58:00Z">23 November 2026, 7:58 (UTC)</time>"#
            #expect(page.body.contains("Connected \(time)"))
            for identity in [Identities.google, Identities.discord] {
                #expect(page.body.contains("action=\"/account/identities/\(identity.id)/unlink\""))
            }
            #expect(!page.body.contains("link="))
        }
    }

    // W2: Linking starts with the ticket of the session.
    @Test func othersCanBeConnected() async throws {
        let api = stub(Identities.passwordOnly)
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(
                page.body.contains(
                    #"id="connect-discord" href="/api/auth/discord?link=discord-ticket&amp;return_to=%2Faccount">Connect Discord</a>"#
                )
            )
            #expect(!page.body.contains("Google"))
            #expect(!page.body.contains("unlink"))
        }
    }

    // A linked account is shown even if its provider is disabled.
    @Test func linkedAccountOfAnUnconfiguredProviderIsListed() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("action=\"/account/identities/\(Identities.google.id)/unlink\""))
        }
    }

    // A12: The last sign-in method cannot be disconnected; the page explains why.
    @Test func doesNotOfferToUnlinkLastMethod() async throws {
        let api = stub(Identities.last)
        try await TestSite.with(api, providers: [.google]) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("Not set"))
            #expect(page.body.contains("This is your only way to sign in"))
            #expect(!page.body.contains("unlink"))
        }
    }

    @Test func oneAccountIsUnlinked() async throws {
        let api = StubAuthAPI([
            "DELETE /api/auth/identities/\(Identities.discord.id)": { _ in StubAuthAPI.problem(.lastSignInMethod) }
        ])
        try await TestSite.with(api) { site in
            for (id, notice) in [
                (Identities.google.id.uppercased(), "identity-unlinked"), (Identities.gone, "identity-gone"),
                (Identities.discord.id, "identity-last"),
            ] {
                let page = try await site.post("/account/identities/\(id)/unlink", cookie: StubAuthAPI.cookie)
                #expect(page.status == 303)
                #expect(page.location == "/account?notice=\(notice)")
            }
            let nonsense = try await site.post("/account/identities/nonsense/unlink", cookie: StubAuthAPI.cookie)
            #expect(nonsense.status == 404)
            let account = try await site.get("/account?notice=identity-unlinked", cookie: StubAuthAPI.cookie)
            #expect(account.body.contains("The account is disconnected."))
        }
        #expect(
            api.requests.prefix(3).map { "\($0.method) \($0.path)" } == [
                "DELETE /api/auth/identities/\(Identities.google.id)",
                "DELETE /api/auth/identities/\(Identities.gone)",
                "DELETE /api/auth/identities/\(Identities.discord.id)",
            ]
        )
    }

    // F4, A14
    @Test func unlinkingRequiresASessionAndAFormOfThisSite() async throws {
        let api = StubAuthAPI()
        let path = "/account/identities/\(Identities.google.id)/unlink"
        try await TestSite.with(api) { site in
            let anonymous = try await site.post(path)
            #expect(anonymous.location == "/login?return_to=%2Faccount")
            let elsewhere = try await site.post(
                path,
                cookie: StubAuthAPI.cookie,
                headers: ["Sec-Fetch-Site": "cross-site"]
            )
            #expect(elsewhere.status == 403)
            let read = try await site.get(path, cookie: StubAuthAPI.cookie)
            #expect(read.status == 405)
        }
        #expect(api.requests.isEmpty)
    }

    @Test func connectedAccountIsConfirmed() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/account?connected=google", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains("Google is connected. You can now sign in with it."))
            #expect(page.body.contains(#"data-location="/account""#))
            let evil = try await site.get("/account?connected=evil", cookie: StubAuthAPI.cookie)
            #expect(!evil.body.contains("id=\"notice\""))
        }
        // A link cannot show a false confirmation.
        try await TestSite.with(stub(Identities.passwordOnly)) { site in
            let page = try await site.get("/account?connected=google", cookie: StubAuthAPI.cookie)
            #expect(!page.body.contains("is connected"))
        }
    }

    @Test(arguments: OAuthFailure.allCases)
    func failedLinkingIsExplained(failure: OAuthFailure) async throws {
        let text = try Translations.embedded()[.english].text(failure.text, ["provider": "Google"])
        try await TestSite.with(providers: [.google]) { site in
            let page = try await site.get(
                "/account?oauth_error=\(failure.rawValue)&provider=google&error_id=0123456789abcdef0123456789abcdef&connected=google",
                cookie: StubAuthAPI.cookie
            )
            #expect(page.status == 200)
            let heading = failure == .signInAgain ? "Connect Google" : "Connecting Google did not work"
            #expect(page.body.contains(heading))
            #expect(page.body.contains(text.escapedForHTML))
            #expect(page.body.contains("<code>0123456789abcdef0123456789abcdef</code>"))
            #expect(!page.body.contains("Google is connected."))
            // A Google account is linked, so another cannot be linked.
            #expect(!page.body.contains("oauth-retry"))
        }
        // W23: If none is linked, another one can be chosen at Google.
        try await TestSite.with(stub(Identities.passwordOnly), providers: [.google]) { site in
            let page = try await site.get(
                "/account?oauth_error=\(failure.rawValue)&provider=google",
                cookie: StubAuthAPI.cookie
            )
            let again = #"id="oauth-retry" href="/api/auth/google?link=google-ticket&amp;return_to=%2Faccount""#
            let hopeless: [OAuthFailure] = [
                .accountDisabled, .registrationClosed, .notInvited, .providerDisabled, .signInRequired,
                .signInAgain, .notFromThisSite, .notReauthenticated, .identityDiffers, .identityTooNew,
            ]
            let isHopeless = hopeless.contains(failure)
            #expect(page.body.contains(again) == !isHopeless)
        }
    }

    // The previous version of the API sends no tickets.
    @Test func apiWithoutTickets() async throws {
        let api = stub(IdentityListBody(identities: [], hasPassword: true))
        try await TestSite.with(api, providers: [.discord]) { site in
            let page = try await site.get("/account", cookie: StubAuthAPI.cookie)
            #expect(page.body.contains(#"href="/api/auth/discord?link=true&amp;return_to=%2Faccount""#))
        }
    }

    private func stub(_ list: IdentityListBody) -> StubAuthAPI {
        StubAuthAPI(["GET /api/auth/identities": { _ in try StubAuthAPI.json(list) }])
    }
}
