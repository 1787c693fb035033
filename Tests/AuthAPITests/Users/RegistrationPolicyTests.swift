import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Who may create an account: through the API, Google and Discord, with invitations and races.
@Suite struct RegistrationPolicyTests {
    private static let ada = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Ada"]

    /// Creates an invitation; returns its code.
    private func invite(
        _ api: TestAPI,
        email: String? = nil,
        uses: Int32 = 1,
        seconds: Int = 3600
    ) async throws -> (code: String, id: String) {
        let address = try email.map { try EmailAddress($0) }
        let operators = Operators(database: api.database)
        let made = try await operators.run { try await $0.invite(address, uses: uses, validFor: seconds) }
        let code = try #require(made.link.split(separator: "=").last)
        #expect(made.link == "http://localhost:8080/register#invite=\(code)")
        return (String(code), made.id)
    }

    private func register(_ api: TestAPI, _ email: String, invite: String? = nil) async throws -> TestResponse {
        var body = Self.ada.merging(["email": email]) { $1 }
        body["invite"] = invite
        return try await api.client().post(APIPath.register, body)
    }

    @Test("Closed: neither the API nor a provider creates an account, and existing users can sign in")
    func closed() async throws {
        try await OAuthSite.with(["REGISTRATION": "closed"]) { site in
            for body in [Self.ada, [:]] {
                let response = try await site.api.client().post(APIPath.register, body)
                #expect(response.status == 403)
                #expect(try response.problem.code == .registrationClosed)
            }
            for provider in OAuthProvider.mocked {
                let response = try await site.signIn(provider, in: site.api.client())
                expectFailure(.registrationClosed, response, in: site)
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
            // A user created by an operator connects a provider account, and signs in through it.
            let operators = Operators(database: site.api.database)
            let registration = try UserService.Registration(
                email: EmailAddress("ada@example.com"),
                name: DisplayName("Ada"),
                password: Password("Correct-Horse-7")
            )
            _ = try await operators.run { try await $0.create(registration) }
            let browser = site.api.client()
            #expect(try await browser.post(APIPath.login, Self.ada.filter { $0.key != "name" }).status == 200)
            try await site.link(.google, in: browser)
            let other = site.api.client()
            try await site.signIn(.google, in: other)
            let user = try #require(try await site.user(of: other))
            #expect(user.email == "ada@example.com")
        }
    }

    @Test("Domains: addresses of other domains and of subdomains cannot create an account")
    func domains() async throws {
        let settings = ["REGISTRATION_DOMAINS": " Example.com, xn--bcher-kva.example "]
        try await OAuthSite.with(settings) { site in
            for email in ["ada@example.com", "ada@xn--bcher-kva.example"] {
                #expect(try await register(site.api, email).status == 201)
            }
            for email in ["ada@sub.example.com", "ada@example.com.evil.example", "ada@notexample.com", "a@example.org"]
            {
                let response = try await register(site.api, email)
                #expect(response.status == 422)
                #expect(try response.fieldCodes == ["email domain_not_allowed"])
            }
            for provider in OAuthProvider.mocked {
                let rejected = try await site.signIn(provider, in: site.api.client()) { $0.email = "eve@example.org" }
                expectFailure(.domainNotAllowed, rejected, in: site)
            }
            let browser = site.api.client()
            try await site.signIn(.google, in: browser) { $0.email = "new@example.com" }
            #expect(try await site.user(of: browser)?.email == "new@example.com")
            #expect(try await site.sql("SELECT count(*) FROM users") == "3")
        }
    }

    @Test("Invite: a code creates one account, and every invalid code gets the same response")
    func invites() async throws {
        try await TestAPI.with(["REGISTRATION": "invite", "REGISTRATION_LIMIT_NETWORK": "1000/60"]) { api in
            let none = try await register(api, "ada@example.com")
            #expect(try none.fieldCodes == ["invite required"])
            let (code, id) = try await invite(api)
            let (bound, _) = try await invite(api, email: "Bob@example.com")
            let (revoked, revokedID) = try await invite(api)
            let (expired, expiredID) = try await invite(api)
            let operators = Operators(database: api.database)
            let uuid = try #require(UUID(uuidString: revokedID))
            #expect(try await operators.run { try await $0.invites.revoke(uuid) })
            #expect(try await operators.run { try await $0.invites.revoke(uuid) } == false)
            try await api.database.sql(
                "UPDATE invites SET created_at = now() - interval '2 h', expires_at = now() WHERE id = '\(expiredID)'"
            )
            let live = try await operators.run { try await $0.invites.live(limit: 10) }
            #expect(live.count == 2 && live.map(\.id).contains(id))

            let wrong = String(code.reversed())
            var details: Set<String> = []
            for bad in [wrong, "x", "=", code + "A", revoked, expired, bound, String(repeating: "A", count: 22)] {
                let response = try await register(api, "ada@example.com", invite: bad)
                #expect(response.status == 422)
                #expect(try response.fieldCodes == ["invite invalid_invite"], "\(bad)")
                details.insert(try response.problem.errors[0].detail)
            }
            #expect(details.count == 1)
            // The whole link may be pasted.
            let link = " http://localhost:8080/register#invite=\(code) "
            #expect(try await register(api, "ada@example.com", invite: link).status == 201)
            let again = try await register(api, "eve@example.com", invite: code)
            #expect(try again.fieldCodes == ["invite invalid_invite"])
            #expect(try await register(api, "bob@example.com", invite: bound).status == 201)
            // Neither the database nor a log contains the code.
            let rows = try await api.database.sql("SELECT string_agg(i::text, ' ') FROM invites i")
            #expect(rows?.contains(code) == false)
            #expect(!api.logs.all.contains { $0.contains(code) || $0.contains(bound) })
            // Unusable invitations are deleted when the next one is created.
            _ = try await invite(api)
            #expect(try await api.database.sql("SELECT count(*) FROM invites") == "1")
        }
    }

    @Test("A taken email address does not use an invitation")
    func takenAddress() async throws {
        try await TestAPI.with(["REGISTRATION": "invite"]) { api in
            let (code, _) = try await invite(api, uses: 2)
            #expect(try await register(api, "ada@example.com", invite: code).status == 201)
            #expect(try await register(api, "ada@example.com", invite: code).status == 409)
            #expect(try await register(api, "eve@example.com", invite: code).status == 201)
            #expect(try await api.database.sql("SELECT used FROM invites") == "2")
        }
    }

    @Test("Concurrent uses of an invitation never create too many accounts, through the API and a provider")
    func race() async throws {
        let settings = ["REGISTRATION": "invite", "HASHING_QUEUE": "100", "REGISTRATION_LIMIT_NETWORK": "1000/60"]
        try await OAuthSite.with(settings) { site in
            let (code, _) = try await invite(site.api, uses: 3)
            site.become { $0.email = "provider@example.com" }
            let browser = site.api.client()
            browser.keep(RequestCookie(name: SiteCookies.invite, value: code))
            let callback = try await site.begin(.google, in: browser)
            let statuses = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await register(site.api, "user\(index)@example.com", invite: code).status == 201
                    }
                }
                group.addTask {
                    _ = try await browser.get(callback)
                    return browser.token != nil
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 } == 3)
            #expect(try await site.sql("SELECT count(*) FROM users") == "3")
            #expect(try await site.sql("SELECT used FROM invites") == "3")
        }
    }

    @Test("Invite: Of two tabs that sign up with one provider account, the second signs in to the new account")
    func twoTabs() async throws {
        try await OAuthSite.with(["REGISTRATION": "invite", "DATABASE_POOL_SIZE": "4"]) { site in
            let (code, _) = try await invite(site.api)
            let (tab, other) = (site.browser(), site.browser())
            for each in [tab, other] { each.keep(RequestCookie(name: SiteCookies.invite, value: code)) }
            let callback = try await site.begin(.google, in: tab)
            let otherCallback = try await site.begin(.google, in: other)
            // Holds the first one after it has used the invitation.
            let hold = try await TestHold(before: "INSERT ON oauth_accounts", in: site.api.database)
            async let first = tab.get(callback)
            try await hold.reached()
            async let second = other.get(otherCallback)
            try await hold.blocksAnother()
            try await hold.release()
            for response in try await [first, second] { #expect(response.header("Location") == "/") }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "2")
            #expect(try await site.sql("SELECT used FROM invites") == "1")
        }
    }

    @Test("Invite: a provider creates an account only with the invitation in the browser's cookie")
    func providers() async throws {
        try await OAuthSite.with(["REGISTRATION": "invite"]) { site in
            for provider in OAuthProvider.mocked {
                let email = "\(provider.rawValue)@example.com"
                let rejected = try await site.signIn(provider, in: site.api.client()) { $0.email = email }
                expectFailure(.notInvited, rejected, in: site)
                let (unrelated, _) = try await invite(site.api, email: "other@example.com")
                let (code, _) = try await invite(site.api, email: email)
                for (value, isGood) in [(unrelated, false), ("nonsense", false), (code, true)] {
                    let browser = site.api.client()
                    browser.keep(RequestCookie(name: SiteCookies.invite, value: value))
                    let response = try await site.signIn(provider, in: browser) { $0.email = email }
                    if isGood {
                        let user = try #require(try await site.user(of: browser))
                        #expect(user.email == email)
                        #expect(!browser.cookies.contains { $0.name == SiteCookies.invite })
                    } else {
                        expectFailure(.notInvited, response, in: site)
                    }
                }
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "2")
        }
    }

    @Test("An invitation stays valid after a rotation of SECRET_KEY, while the previous key is known")
    func rotation() async throws {
        try await TestDatabase.with { database in
            let link = Locked("")
            try await TestAPI.with(["REGISTRATION": "invite"], database: database) { _ in
                let made = try await Operators(database: database).run {
                    try await $0.invite(nil, uses: 1, validFor: 3600)
                }
                link.update { $0 = made.link }
            }
            let code = try #require(link.value.split(separator: "=").last.map(String.init))
            let rotated = [
                "REGISTRATION": "invite", "SECRET_KEY": "Zq5-Kx3Jm2Vt7_Qr8Lw9Yp4Nc1Hd6Fb0Sg",
                "SECRET_KEY_PREVIOUS": TestAPI.secretKey,
            ]
            try await TestAPI.with(rotated, database: database) { api in
                let response = try await register(api, "ada@example.com", invite: code)
                #expect(response.status == 201)
            }
        }
    }

    @Test("Domains are in lower case and ASCII, as in addresses")
    func domains() throws {
        let environment = ["REGISTRATION_DOMAINS": "Example.COM, 例え.jp,xn--bcher-kva.example"]
        let settings = try TestAPI.settings(environment, databaseURL: "postgresql://localhost/x")
        #expect(settings.registration.domains == ["example.com", "xn--r8jz45g.jp", "xn--bcher-kva.example"])
    }

    @Test(
        "Invalid modes and domains are faults",
        arguments: [
            (["REGISTRATION": "maybe"], "REGISTRATION: must be one of open, invite, closed, not \"maybe\""),
            (
                ["REGISTRATION_DOMAINS": "example.com,@example.org"],
                "REGISTRATION_DOMAINS: \"@example.org\" is not a domain like example.com"
            ),
            (["REGISTRATION_DOMAINS": "com"], "REGISTRATION_DOMAINS: \"com\" is not a domain like example.com"),
            // Otherwise every domain would be allowed.
            (["REGISTRATION_DOMAINS": ","], "REGISTRATION_DOMAINS: contains no domain"),
            (["REGISTRATION_DOMAINS": " , ,"], "REGISTRATION_DOMAINS: contains no domain"),
        ]
    )
    func settings(environment: [String: String], fault: String) throws {
        let error = #expect(throws: SettingsFaults.self) {
            try TestAPI.settings(environment, databaseURL: "postgresql://localhost/x")
        }
        #expect(error?.lines == [fault])
    }
}
