import Foundation
import Shared
import Testing

@testable import AuthAPI

/// W3: An identity is linked by email only if its provider is the authority for the address today.
@Suite struct EmailAuthorityTests {
    @Test(
        "W3: Google links by email if it is the authority for the address",
        arguments: [
            ("ada@gmail.com", nil), ("Ada@GMail.com", nil), ("ada@googlemail.com", nil),
            ("ada@example.com", "example.com"), ("Ada@Example.com", "EXAMPLE.com"),
        ]
    )
    func linksByAuthority(email: String, hostedDomain: String?) async throws {
        try await OAuthSite.with { site in
            let first = site.browser()
            try await site.signIn(.discord, in: first) { $0.email = email }
            let second = site.browser()
            let response = try await site.signIn(.google, in: second) { user in
                user.email = email
                user.hostedDomain = hostedDomain
            }
            #expect(response.header("Location") == "/")
            #expect(try await site.user(of: second)?.id == site.user(of: first)?.id)
            #expect(try await site.methods(of: second).identities.map(\.provider) == [.discord, .google])
            let linked = try await site.api.database.events().map(\.summary)
            #expect(linked.contains("provider_linked google by_email"))
        }
    }

    @Test(
        "W3: A past verification alone links nothing, in either order",
        arguments: [
            ("ada@example.com", nil), ("ada@example.com", "example.org"), ("ada@example.com", "com"),
            ("ada@example.com", ""), ("ada@sub.example.com", "example.com"), ("ada@example.com", "example.com."),
            ("ada@gmail.com.example", nil), ("ada@notgmail.com", nil), ("ada@example.com", "example.com\u{301}"),
            ("ada@kexample.com", "\u{212A}example.com"),
        ]
    )
    func linksNothingElse(email: String, hostedDomain: String?) async throws {
        for order in [[OAuthProvider.google, .discord], [.discord, .google]] {
            try await OAuthSite.with { site in
                func be(_ user: inout MockUser) {
                    user.email = email
                    user.hostedDomain = hostedDomain
                }
                let owner = site.browser()
                try await site.signIn(order[0], in: owner, as: be)
                let other = site.browser()
                let response = try await site.signIn(order[1], in: other, as: be)
                expectFailure(.accountExists, response, in: site)
                #expect(try await site.user(of: other) == nil)
                #expect(try await site.methods(of: owner).identities.map(\.provider) == [order[0]])
                #expect(try await site.sql("SELECT count(*) FROM users") == "1")
                let events = try await site.api.database.events()
                #expect(events.last?.summary == "sign_in_failed \(order[1].rawValue) account_exists")
                #expect(events.last?.user == (try await site.user(of: owner)?.id))
                // The steps that the page suggests work.
                #expect(try await site.link(order[1], in: owner, as: be).page == PagePath.account)
                #expect(try await site.signIn(order[1], in: other, as: be).header("Location") == "/")
            }
        }
    }

    @Test("W3: Discord is the authority for no address, not even a verified one at gmail.com")
    func discordNeverLinks() async throws {
        try await OAuthSite.with { site in
            let owner = site.browser()
            try await site.signIn(.google, in: owner) { $0.email = "ada@gmail.com" }
            let attacker = site.browser()
            let response = try await site.signIn(.discord, in: attacker) { $0.email = "ada@gmail.com" }
            expectFailure(.accountExists, response, in: site)
            #expect(try await site.methods(of: owner).identities.count == 1)
        }
    }

    @Test("W3: An account with a password requires it, even if a provider has verified the email")
    func verifiedWithPassword() async throws {
        try await OAuthSite.with { site in
            let owner = try await site.api.registered()
            try await site.link(.google, in: owner)
            #expect(try await site.sql("SELECT email_verified_at IS NOT NULL FROM users") == "t")
            let other = site.browser()
            #expect(try await site.signIn(.discord, in: other).parameter("connect") == "discord")
            #expect(try await site.user(of: other) == nil)
            #expect(try await site.methods(of: owner).identities.map(\.provider) == [.google])
        }
    }

    @Test("W3: An account without a password keeps its address when the mailbox has a new owner")
    func recycledMailbox() async throws {
        try await OAuthSite.with { site in
            let former = site.browser()
            try await site.signIn(.google, in: former)
            // The new owner of the mailbox verifies it at both providers.
            for provider in OAuthProvider.mocked {
                let holder = site.browser()
                let response = try await site.signIn(provider, in: holder) { user in
                    user.subject = "new-holder"
                    user.discordID = "777"
                }
                let failure: OAuthFailure = provider == .google ? .providerAlreadyLinked : .accountExists
                expectFailure(failure, response, in: site)
                #expect(try await site.user(of: holder) == nil)
            }
            #expect(try await site.user(of: former)?.email == "ada@example.com")
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }

    @Test("W3: SECURITY.md quotes the table of the code")
    func quoted() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: root.appending(path: "SECURITY.md"), encoding: .utf8)
        for kind in ProviderKind.allCases {
            let rule = EmailAuthority.rule(of: kind)
            var cases = rule.domains.map { "`\($0)`" }.joined(separator: ", ")
            if rule.includesHostedDomain { cases += "; a domain that equals the account's `hd` claim" }
            let name =
                OAuthProvider(rawValue: kind.rawValue)?.standardName ?? "OpenID providers of the settings (`OIDC_…`)"
            let row = "| \(name) | \(cases.isEmpty ? "no address" : "addresses at \(cases)") |"
            #expect(text.contains(row), "\(row)")
        }
    }
}
