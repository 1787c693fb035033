import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E5: Logs of whole flows contain no secrets and no personal data.
@Suite struct OAuthLogTests {
    @Test("E5: No line contains a code, state, verifier, nonce, token, cookie, email, name or subject")
    func discretion() async throws {
        try await OAuthSite.with { site in
            var secrets: Set<String> = [
                "ada@example.com", "ada%40example.com", "Lovelace", "110169484474386276334", "80351110224678912",
                "access-", "refresh-", "code-", "Correct-Horse-7", MockProvider.clientSecret, "code=", "state=",
                "oauth_flow_", "oauth_connect", "return_to", "203.0.113.99", TestAPI.secretKey, "/private/page",
            ]
            func note(_ response: TestResponse) {
                let location = response.header("Location") ?? ""
                for name in ["state", "nonce", "code_challenge"] {
                    if let value = response.parameter(name) { secrets.insert(value) }
                }
                secrets.formUnion(response.all("Set-Cookie").map { String($0.split(separator: "=")[1].prefix(20)) })
                if location.contains("code=") { secrets.insert(location) }
            }
            let address = [("X-Real-IP", "203.0.113.99"), ("Sec-Fetch-Site", "same-origin")]
            for provider in OAuthProvider.mocked {
                let browser = site.browser()
                // A success, a repeated callback, a denial, a forgery, a failure of the provider, and linking.
                let path = APIPath.startOAuth(provider)
                for ending in ["", "&error=access_denied&error_description=Zebra", "&state=x", "&iss=Zebra"] {
                    let start = try await browser.get("\(path)?return_to=/private/page", headers: address)
                    note(start)
                    let target = try site.mock.authorize(try #require(start.header("Location"))).target
                    note(try await browser.get(target + ending, headers: address))
                    note(try await browser.get(target + ending, headers: address))
                }
                note(try await browser.get("\(path)?link=Zebra", headers: address))
                note(try await browser.get("\(path)?link=true"))
                site.mock.change(.discordToken) { $0.status = 500 }
                site.mock.change(.googleToken) { $0.body = "Zebra" }
                note(try await site.signIn(provider, in: browser))
                site.mock.change(.discordToken, nil)
                site.mock.change(.googleToken, nil)
            }
            _ = try await site.api.registered(email: "grace@example.com", name: "Grace Hushhush")
            let linking = site.browser()
            note(
                try await site.signIn(.google, in: linking) { user in
                    user.subject = "grace-subject"
                    user.email = "grace@example.com"
                }
            )
            let login = ["email": "grace@example.com", "password": "Correct-Horse-7", "connect": "google"]
            let wrong = login.merging(["password": "Wrong-7-Horse"]) { $1 }
            #expect(try await linking.post(APIPath.login, wrong).status == 401)
            #expect(try await linking.post(APIPath.login, login).status == 200)
            // A row that another program's constraint rejects.
            try await site.sql(
                "ALTER TABLE oauth_accounts ADD CONSTRAINT never CHECK (provider_user_id <> 'eve') NOT VALID"
            )
            let eve = try await site.signIn(.google, in: site.browser()) { user in
                user.subject = "eve"
                user.email = "eve@example.com"
            }
            expectFailure(.serviceUnavailable, eve, in: site)
            secrets.formUnion(["grace@", "grace-subject", "Hushhush", "eve@example.com", "Zebra", "Wrong-7-Horse"])
            let lines = site.api.logs.all
            #expect(lines.filter { $0.contains("sign-in through a provider failed") }.count >= 12)
            #expect(lines.contains { $0.contains("\"constraint\":\"never\"") })
            let text = lines.joined()
            for secret in secrets where !secret.isEmpty {
                #expect(!text.contains(secret), "a log line contains \(secret.prefix(16))…")
            }
        }
    }

    @Test("E5: A failure of the user is a notice, of a provider a warning, of this site an error")
    func levels() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            func level(_ response: TestResponse) -> String? {
                let id = response.parameter(PagePath.errorIDParameter) ?? "none"
                let lines = site.api.logs.all.filter { $0.contains("sign-in through a provider failed") }
                let line = lines.first { $0.contains(id) }
                return line.flatMap { $0.firstMatch(of: /"level":"(\w+)"/).map { String($0.1) } }
            }
            #expect(level(try await browser.get(APIPath.oauthCallback(.google))) == "INFO")
            site.mock.change(.discordToken) { $0.status = 500 }
            #expect(level(try await site.signIn(.discord, in: browser)) == "WARNING")
            // An unexpected database error.
            try await site.sql(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE internal_error; END'"
            )
            try await site.sql("CREATE TRIGGER fail BEFORE INSERT ON oauth_accounts EXECUTE FUNCTION fail()")
            #expect(level(try await site.signIn(.google, in: browser)) == "ERROR")
        }
    }

    @Test("D7: An unavailable database during a callback leads to an error page, and a retry succeeds")
    func databaseUnavailable() async throws {
        try await OAuthSite.with { site in
            let linker = try await site.api.registered(email: "countess@example.com")
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser, [("return_to", "/account")])
            let link = try await site.beginLinking(.google, in: linker)
            try await site.sql("ALTER TABLE users RENAME TO gone")
            let response = try await browser.get(target)
            expectFailure(.serviceUnavailable, response, in: site)
            #expect(response.parameter("return_to") == "/account")
            #expect(browser.flows.isEmpty)
            expectFailure(.serviceUnavailable, try await linker.get(link), in: site)
            let start = "\(APIPath.startOAuth(.google))?link=true"
            let headers = [("Sec-Fetch-Site", "same-origin")]
            expectFailure(.serviceUnavailable, try await linker.get(start, headers: headers), in: site)
            try await site.sql("ALTER TABLE gone RENAME TO users")
            #expect(try await site.signIn(.google, in: browser).header("Location") == "/")
        }
    }
}
