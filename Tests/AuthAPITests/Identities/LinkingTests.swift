import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A12: The user that an identity signs in.
@Suite struct LinkingPolicyTests {
    @Test("A12, W1, W3: the policy is this table")
    func table() {
        typealias Same = LinkingPolicy.SameEmail
        func same(_ isVerified: Bool, _ hasPassword: Bool, _ hasProvider: Bool = false) -> Same {
            Same(isVerified: isVerified, hasPassword: hasPassword, hasProvider: hasProvider)
        }
        func decide(_ sameEmail: Same?, isEmailAuthority: Bool) -> LinkingPolicy.Decision {
            LinkingPolicy.decision(
                isLinked: false,
                isDisconnected: false,
                hasEmail: true,
                isEmailAuthority: isEmailAuthority,
                sameEmail: sameEmail
            )
        }
        let rows: [(sameEmail: Same?, byAuthority: LinkingPolicy.Decision, byOthers: LinkingPolicy.Decision)] = [
            (nil, .create, .create),
            (same(false, true), .askPassword, .askPassword),
            (same(true, true), .link, .askPassword),
            (same(true, false), .link, .reject(.accountExists)),
            (same(false, false), .reject(.accountExists), .reject(.accountExists)),
            (same(false, true, true), .reject(.providerTaken), .reject(.providerTaken)),
            (same(true, false, true), .reject(.providerTaken), .reject(.providerTaken)),
        ]
        for row in rows {
            #expect(decide(row.sameEmail, isEmailAuthority: true) == row.byAuthority)
            #expect(decide(row.sameEmail, isEmailAuthority: false) == row.byOthers)
            for isEmailAuthority in [true, false] {
                for isDisconnected in [true, false] {
                    let linked = LinkingPolicy.decision(
                        isLinked: true,
                        isDisconnected: isDisconnected,
                        hasEmail: row.sameEmail != nil,
                        isEmailAuthority: isEmailAuthority,
                        sameEmail: row.sameEmail
                    )
                    #expect(linked == .signIn)
                }
                let disconnected = LinkingPolicy.decision(
                    isLinked: false,
                    isDisconnected: true,
                    hasEmail: row.sameEmail != nil,
                    isEmailAuthority: isEmailAuthority,
                    sameEmail: row.sameEmail
                )
                #expect(disconnected == .reject(.disconnected))
                let withoutEmail = LinkingPolicy.decision(
                    isLinked: false,
                    isDisconnected: false,
                    hasEmail: false,
                    isEmailAuthority: isEmailAuthority,
                    sameEmail: row.sameEmail
                )
                #expect(withoutEmail == .askAddress)
            }
        }
    }

    // PocketBase CVE-2026-44166, better-auth #9578.
    @Test("A12: Pre-hijacking, the attacker first: the email's owner is never linked to a password account")
    func attackerRegistersFirst() async throws {
        try await OAuthSite.with { site in
            let attacker = try await site.api.registered(email: "ada@example.com", name: "Mallory")
            let owner = site.browser()
            for provider in OAuthProvider.mocked {
                let response = try await site.signIn(provider, in: owner)
                #expect(response.page == PagePath.login)
                #expect(response.parameter("connect") == provider.rawValue)
                #expect(try await site.user(of: owner) == nil)
            }
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "0")
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            #expect(try await site.methods(of: attacker).identities.isEmpty)
            // The attacker's provider account does not verify an address for which the provider is no authority.
            try await site.link(.discord, in: attacker) { user in
                user.email = "mallory@example.com"
                user.discordID = "666"
            }
            #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
            #expect(try await site.signIn(.google, in: owner).parameter("connect") == "google")
            expectFailure(.providerAlreadyLinked, try await site.signIn(.discord, in: owner), in: site)
        }
    }

    @Test("A12: Pre-hijacking, the owner first: a taken email cannot be registered with a password")
    func ownerComesFirst() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let body = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Mallory"]
            let attacker = site.browser()
            #expect(try await attacker.post(APIPath.register, body).status == 409)
            let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]
            #expect(try await attacker.post(APIPath.login, login).status == 401)
            #expect(try await site.user(of: owner)?.name == "Ada Lovelace")
        }
    }

    @Test("A12: An unverified or missing email does not sign in", arguments: OAuthProvider.mocked)
    func unverifiedEmail(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(provider, in: owner)
            for email in [nil, "ada@example.com"] {
                let attacker = try await site.waiting(provider, email: email)
                #expect(try await site.user(of: attacker) == nil)
                #expect(attacker.token == nil)
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM audit_events WHERE event = 'sign_in_failed'") == "0")
        }
    }

    @Test("A12: a known identity signs in without a verified email, and nothing of its user changes")
    func knownWithoutEmail() async throws {
        for provider in OAuthProvider.mocked {
            try await OAuthSite.with { site in
                let first = site.browser()
                try await site.signIn(provider, in: first)
                let before = try #require(try await site.user(of: first))
                for email in [nil, "other@example.com"] {
                    let browser = site.browser()
                    let response = try await site.signIn(provider, in: browser) { user in
                        user.email = email
                        user.isEmailVerified = false
                    }
                    #expect(response.header("Location") == "/")
                    #expect(try await site.user(of: browser) == before)
                    #expect(try await site.methods(of: browser).identities.map(\.email) == [nil])
                    #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
                }
            }
        }
    }

    @Test("A12: linking from the account page works without a verified email", arguments: [true, false])
    func linkedWithoutEmail(hasEmail: Bool) async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            for provider in OAuthProvider.mocked {
                let response = try await site.link(provider, in: owner) { user in
                    user.email = hasEmail ? "ada@example.com" : nil
                    user.isEmailVerified = false
                }
                #expect(response.header("Location") == "/account?connected=\(provider.rawValue)")
                // An unverified address does not verify the user's.
                #expect(try await site.sql("SELECT email_verified_at IS NULL FROM users") == "t")
                #expect(try await site.signIn(provider, in: site.browser()) { $0.email = nil }.failure == nil)
            }
            #expect(try await site.methods(of: owner).identities.map(\.email) == [nil, nil])
        }
    }

    @Test("A12: a provider that verifies the user's address later verifies it for the user, and no other address")
    func verifiedLater() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.discord, in: owner) { $0.isEmailVerified = false }
            for (email, isVerified) in [("countess@example.com", false), ("Ada@Example.com", true)] {
                try await site.signIn(.discord, in: site.browser()) { $0.email = email }
                let stored = try await site.sql("SELECT email_verified_at IS NOT NULL FROM users")
                #expect(stored == (isVerified ? "t" : "f"))
            }
        }
    }

    @Test("A12: Another account of a provider is not linked to a user by email alone")
    func anotherAccountOfTheProvider() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner)
            let other = site.browser()
            let response = try await site.signIn(.google, in: other) { $0.subject = "another-subject" }
            expectFailure(.providerAlreadyLinked, response, in: site)
            #expect(try await site.methods(of: owner).identities.count == 1)
        }
    }

    @Test("A12: After an email change at the provider, the user and the user's email stay the same")
    func changedEmail() async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            try await site.signIn(.google, in: browser)
            let before = try #require(try await site.user(of: browser))
            // Another user already has the new address: nothing changes either.
            _ = try await site.api.registered(email: "countess@example.com", name: "Countess")
            try await site.signIn(.google, in: browser) { user in
                user.email = "countess@example.com"
                user.name = "Countess"
            }
            #expect(try await site.user(of: browser) == before)
            #expect(try await site.methods(of: browser).identities.map(\.email) == ["countess@example.com"])
        }
    }

    @Test("A11: Only the provider of the picture updates it")
    func picture() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.api.registered()
            #expect(try await site.user(of: browser)?.avatarURL == nil)
            let first = "https://lh3.googleusercontent.com/a/first=s96-c"
            try await site.link(.google, in: browser) { $0.picture = first }
            #expect(try await site.user(of: browser)?.avatarURL == first)
            try await site.link(.discord, in: browser)
            #expect(try await site.user(of: browser)?.avatarURL == first)
            let second = "https://lh3.googleusercontent.com/a/second=s96-c"
            try await site.signIn(.google, in: browser) { $0.picture = second }
            #expect(try await site.user(of: browser)?.avatarURL == second)
            try await site.signIn(.google, in: browser) { $0.picture = nil }
            #expect(try await site.user(of: browser)?.avatarURL == second)
            #expect(try await site.user(of: browser)?.name == "Ada")
        }
    }

    @Test("A12: Concurrent sign-ins with one provider account create one user", arguments: OAuthProvider.mocked)
    func raced(provider: OAuthProvider) async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "8"]) { site in
            let browsers = (0..<8).map { _ in site.browser() }
            var targets: [String] = []
            for browser in browsers { targets.append(try await site.begin(provider, in: browser)) }
            let pairs = zip(browsers, targets).map { ($0, $1) }
            try await withThrowingTaskGroup(of: String?.self) { group in
                for (browser, target) in pairs {
                    group.addTask { try await browser.get(target).header("Location") }
                }
                for try await location in group { #expect(location == "/") }
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.sql("SELECT count(*) FROM oauth_accounts") == "1")
            #expect(try await site.sql("SELECT count(*) FROM sessions") == "8")
        }
    }

    @Test("A12: A concurrent registration and provider sign-in create one user, and no shared account")
    func racedWithRegistration() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "4"]) { site in
            let owner = site.browser()
            let attacker = site.browser()
            let target = try await site.begin(.google, in: owner)
            let body = ["email": "ada@example.com", "password": "Correct-Horse-7", "name": "Mallory"]
            async let registered = attacker.post(APIPath.register, body)
            async let signedIn = owner.get(target)
            let (registration, flow) = try await (registered, signedIn)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            if registration.status == 201 {
                #expect(flow.parameter("connect") == "google")
                #expect(try await site.user(of: owner) == nil)
            } else {
                #expect(registration.status == 409)
                #expect(flow.header("Location") == "/")
            }
        }
    }

    // The order of the two is left to chance; DisconnectedTests forces each.
    @Test("A12, W1: Signing in while the account is unlinked causes no error, no second user and no remaining session")
    func racedWithUnlinking() async throws {
        try await OAuthSite.with(["DATABASE_POOL_SIZE": "6"]) { site in
            let owner = try await site.api.registered()
            try await site.link(.google, in: owner)
            let id = try #require(try await site.methods(of: owner).identities.first?.id)
            let browsers = (0..<5).map { _ in site.browser() }
            var targets: [String] = []
            for browser in browsers { targets.append(try await site.begin(.google, in: browser)) }
            let pairs = zip(browsers, targets).map { ($0, $1) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let status = try await owner.delete(APIPath.identity(id)).status
                    #expect(status == 204)
                }
                for (browser, target) in pairs {
                    group.addTask {
                        let response = try await browser.get(target)
                        #expect(response.header("Location") == "/" || response.failure == .identityDisconnected)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
            #expect(try await site.methods(of: owner).identities.isEmpty)
            for browser in browsers { #expect(try await site.user(of: browser) == nil) }
        }
    }
}
