import Foundation
import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// A10, A11: Signing in through GitHub.
@Suite struct GitHubTests {
    private static let picture = "https://avatars.githubusercontent.com/u/583231?v=4"

    @Test("A user is identified by GitHub's responses to the token")
    func identity() async throws {
        try await ProviderFlow.with { flow in
            flow.mock.user.update { $0.picture = Self.picture }
            let identity = try await flow.signIn(.github)
            #expect(identity.provider == .github && identity.issuer == flow.mock.address)
            #expect(identity.subject == "583231")
            #expect(identity.email?.value == "ada@example.com" && identity.unverifiedEmail == nil)
            #expect(!identity.isEmailAuthority)
            #expect(identity.displayName == "Ada Lovelace" && identity.avatarURL == Self.picture)
            #expect(identity.tokens.accessToken.value.hasPrefix("access-"))
            #expect(identity.tokens.refreshToken == nil && identity.tokens.expiresAt == nil)
            let token = try #require(flow.mock.requests.first { $0.endpoint == .githubToken })
            #expect(token.headers[.authorization] == nil && token.body.contains("client_secret="))
            #expect(token.body.contains("code_verifier="))
        }
    }

    @Test("The name is the user name if there is no other, and pictures of other hosts are not shown")
    func profile() async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.user.update { $0.name = nil }
            #expect(try await flow.signIn(.github).displayName == "ada")
            for picture in [
                nil, "", "http://avatars.githubusercontent.com/u/1",
                "https://avatars.githubusercontent.com.evil.example/",
                "https://avatars.githubusercontent.com@evil.example/", "https://github.company.example/avatars/u/1",
                "javascript:alert(1)",
            ] {
                flow.mock.user.update { $0.picture = picture }
                #expect(try await flow.signIn(.github).avatarURL == nil)
            }
            for json in ["null", "7", "[]", "{}", "\"\"", "\"\\u0000\\u0007\"", "true"] {
                flow.mock.change(.githubUser) { response in
                    response.edit { body in
                        for name in ["login", "name", "avatar_url", "email"] { body[name] = MockResponse.json(json) }
                    }
                }
                let identity = try await flow.signIn(.github)
                #expect(identity.displayName == nil && identity.avatarURL == nil && identity.subject == "583231")
            }
        }
    }

    @Test("Only the primary address counts: of none, one, or three")
    func addresses() async throws {
        typealias Email = MockUser.GitHubEmail
        let primary = Email(email: "Ada@Example.com", isPrimary: true)
        let other = Email(email: "other@example.com")
        let hidden = Email(email: "583231+ada@users.noreply.github.com", isPrimary: true)
        let cases: [(list: [Email], verified: String?, unverified: String?)] = [
            ([], nil, nil),
            ([primary], "ada@example.com", nil),
            ([Email(email: "ada@example.com", isPrimary: true, isVerified: false)], nil, "ada@example.com"),
            ([other, primary, Email(email: "third@example.com", isVerified: false)], "ada@example.com", nil),
            (
                [other, Email(email: "ada@example.com", isPrimary: true, isVerified: false), other], nil,
                "ada@example.com"
            ),
            // No address, or more than one, is the primary one.
            ([other, other, other], nil, nil), ([primary, Email(email: "b@example.com", isPrimary: true)], nil, nil),
            // A noreply address hides the real one, and receives no mail.
            ([hidden, other], nil, nil), ([Email(email: "ada@users.noreply.github.com", isPrimary: true)], nil, nil),
            ([Email(email: "ada@users.noreply.github.example", isPrimary: true, isVerified: false)], nil, nil),
            (
                [Email(email: "users.noreply.github.com@example.com", isPrimary: true)],
                "users.noreply.github.com@example.com", nil
            ),
            ([Email(email: "not an address", isPrimary: true)], nil, nil),
        ]
        try await ProviderFlow.with { flow async throws in
            for (list, verified, unverified) in cases {
                flow.mock.user.update { $0.githubEmails = list }
                try await flow.expectAddress(.github, verified: verified, unverified: unverified, "\(list)")
            }
            let odd = [
                "[]", "[{}]", #"[{"email":7,"primary":true,"verified":true}]"#,
                #"[{"email":"a@example.com","primary":1,"verified":true}]"#,
                #"[{"email":"a@example.com","primary":"true","verified":"true"}]"#,
            ]
            for json in odd {
                flow.mock.change(.githubEmails) { $0.body = json }
                try await flow.expectAddress(.github, "\(json)")
            }
            flow.mock.change(.githubEmails) { $0.body = #"[{"email":"a@example.com","primary":true,"verified":1}]"# }
            try await flow.expectAddress(.github, unverified: "a@example.com")
        }
    }

    @Test("A new user signs up and signs in, after entering an address if none is verified")
    func signsUp() async throws {
        try await OAuthSite.with(withGitHub: true) { site in
            let browser = site.browser()
            #expect(try await site.signIn(.github, in: browser).header("Location") == "/")
            let user = try #require(try await site.user(of: browser))
            #expect(user.email == "ada@example.com")
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
            try await site.signIn(.github, in: site.browser()) { $0.githubEmails = [] }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            // GitHub is the authority for no address: it links nothing by email.
            expectFailure(.accountExists, try await site.signIn(.discord, in: site.browser()), in: site)

            let second = site.browser()
            let redirect = try await site.signIn(.github, in: second) { user in
                user.githubID = 42
                user.githubEmails = [.init(email: "ada@users.noreply.github.com", isPrimary: true)]
            }
            #expect(redirect.page == PagePath.address)
            let pending: PendingAddressBody = try await second.get(APIPath.address).decoded()
            #expect(pending == PendingAddressBody(provider: .github, name: "Ada Lovelace", email: nil))
            #expect(try await second.post(APIPath.address, ["email": "second@example.com"]).status == 201)
            #expect(try await site.methods(of: second).identities.map(\.provider) == [.github])
            #expect(try await site.sql("SELECT count(*) FROM users") == "2")
        }
    }

    @Test("Without permission for addresses, a linked user signs in, and a new user enters an address")
    func withoutAddresses() async throws {
        let changes: [@Sendable (inout MockResponse) -> Void] = [
            { $0.status = 403 }, { $0.status = 404 }, { $0.headers[.contentType] = "text/html" },
        ]
        try await OAuthSite.with(withGitHub: true) { site in
            try await site.signIn(.github, in: site.browser())
            for change in changes {
                site.mock.change(.githubEmails, change)
                let known = site.browser()
                let response = try await site.signIn(.github, in: known)
                #expect(response.header("Location") == "/")
                #expect(try await site.user(of: known)?.email == "ada@example.com")
                let redirect = try await site.signIn(.github, in: site.browser()) { $0.githubID = 42 }
                #expect(redirect.page == PagePath.address)
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test(
        "Status 403 with the headers of a rate limit is temporary, and does not ask for an address",
        arguments: ["retry-after", "x-ratelimit-remaining"]
    )
    func limited(header: String) async throws {
        try await OAuthSite.with(withGitHub: true) { site in
            let name = try #require(HTTPField.Name(header))
            for endpoint in [MockProvider.Endpoint.githubEmails, .githubUser] {
                site.mock.change(endpoint) { response in
                    response.status = 403
                    response.headers[name] = "0"
                }
                expectFailure(.providerUnavailable, try await site.signIn(.github, in: site.browser()), in: site)
                site.mock.change(endpoint) { response in
                    response.status = 403
                    if header == "x-ratelimit-remaining" { response.headers[name] = "4999" }
                }
                let page = try await site.signIn(.github, in: site.browser()).page
                #expect(page == (endpoint == .githubEmails ? PagePath.address : PagePath.login))
                site.mock.change(endpoint, nil)
            }
        }
    }

    @Test("GitHub is linked, confirms a change, and asks which account to use")
    func links() async throws {
        try await OAuthSite.with(withGitHub: true) { site in
            let owner = try await site.api.registered()
            #expect(try await site.link(.github, in: owner).header("Location") == "/account?connected=github")
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.github])
            let path = "\(APIPath.startOAuth(.github))?choose=true"
            let chosen = try await site.browser().get(path, headers: OAuthSite.fromThisSite)
            #expect(chosen.parameter("prompt") == "select_account")
            let plain = try await site.browser().get(APIPath.startOAuth(.github), headers: OAuthSite.fromThisSite)
            #expect(plain.parameter("prompt") == nil && plain.parameter("nonce") == nil)
        }
        try await OAuthSite.with(withGitHub: true) { site in
            let owner = site.browser()
            try await site.signIn(.github, in: owner)
            let confirmation: ConfirmationBody = try await owner.get(APIPath.confirmation).decoded()
            let ticket = try #require(confirmation.providers.first?.ticket)
            let parameters = [("reauthenticate", ticket), ("return_to", PagePath.password)]
            _ = try await owner.get(site.begin(.github, in: owner, parameters))
            let response = try await owner.post(APIPath.password, ["new_password": "Battery-Staple-8"])
            #expect(response.status == 200)
        }
    }

    @Test("Deleting the account deletes the grant at GitHub, as the client and for the access token")
    func revokes() async throws {
        for change in [nil, { $0.status = 404 }, { $0.status = 500 }] as [(@Sendable (inout MockResponse) -> Void)?] {
            try await OAuthSite.with(withGitHub: true) { site in
                let owner = try await site.api.registered()
                try await site.link(.github, in: owner)
                site.mock.change(.githubGrant, change)
                let body = ["email": "ada@example.com", "password": "Correct-Horse-7"]
                #expect(try await owner.post(APIPath.deletion, body).status == 204)
                let request = try #require(site.mock.requests.last { $0.endpoint == .githubGrant })
                #expect(request.method == .delete && request.headers[.contentType] == "application/json")
                #expect(site.mock.state.revoked.count == 1)
                let logs = site.api.logs.all.joined()
                var response = MockResponse([:])
                change?(&response)
                #expect(logs.contains("provider token revoked") == (response.status != 500))
                #expect(logs.contains("provider token not revoked") == (response.status == 500))
                #expect(!logs.contains("access-"))
            }
        }
    }

    @Test(
        "The API is that of GitHub, of an Enterprise Server, or of a subdomain of ghe.com",
        arguments: [
            ("https://github.com", "https://api.github.com"), ("https://github.com/", "https://api.github.com"),
            ("https://octocorp.ghe.com", "https://api.octocorp.ghe.com"),
            ("https://github.company.example", "https://github.company.example/api/v3"),
            ("https://company.example/github/", "https://company.example/github/api/v3"),
            ("https://ghe.com.evil.example", "https://ghe.com.evil.example/api/v3"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api/v3"),
        ]
    )
    func apiAddress(site: String, base: String) throws {
        let api = GitHubAPI(try #require(ProviderURL(site)))
        #expect(api.user == base + "/user" && api.emails == base + "/user/emails?per_page=100")
        #expect(api.grant(of: "Iv1.a/b") == base + "/applications/Iv1.a%2Fb/grant")
        #expect(api.probe == base + (base.contains("://api.") ? "/" : "/meta"))
    }
}
