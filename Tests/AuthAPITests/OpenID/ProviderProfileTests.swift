import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A11, A12: How a user's email, name and picture are stored.
@Suite struct ProviderProfileTests {
    @Test("An unverified email is distinguished from a verified one", arguments: OAuthProvider.kinds)
    func unverified(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            try await flow.expectAddress(name, verified: "ada@example.com")
            flow.mock.user.update { user in
                user.isEmailVerified = false
                user.email = "Ada@GMail.com"
            }
            try await flow.expectAddress(name, unverified: "ada@gmail.com")
        }
    }

    @Test(
        "email_verified is a Boolean or a string, and anything except true counts as false",
        arguments: OAuthProvider.withIDTokens
    )
    func verifiedSpellings(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            // The userinfo endpoint does not state it either.
            flow.mock.change(.oidcUserInfo) { $0.edit { $0["email_verified"] = nil } }
            let no: [String?] = ["\"false\"", "\"TRUE\"", "\"yes\"", "\"\"", "1", "null", "[true]", "{}", nil]
            for text in no {
                flow.mock.changeIDToken { token in
                    token.claims["email_verified"] = text.flatMap {
                        try? JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
                    }
                }
                try await flow.expectAddress(name, unverified: "ada@example.com", "\(text ?? "missing")")
            }
            flow.mock.changeIDToken { $0.claims["email_verified"] = "true" }
            try await flow.expectAddress(name, verified: "ada@example.com")
        }
    }

    @Test("Discord's `verified` must be present and true", arguments: ["null", "false", nil])
    func discordVerified(text: String?) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.change(.discordUser) { response in
                response.edit { $0["verified"] = text.map { $0 == "null" ? NSNull() : false as Any } }
            }
            try await flow.expectAddress(.discord, unverified: "ada@example.com")
        }
    }

    @Test("A missing or empty email counts as none", arguments: OAuthProvider.kinds)
    func missing(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow in
            for email in [nil, "", " "] {
                flow.mock.user.update { $0.email = email }
                try await flow.expectAddress(name, "\(email ?? "missing")")
            }
            flow.mock.changeIDToken { $0.claims["email"] = NSNull() }
            flow.mock.user.update { $0.email = nil }
            try await flow.expectAddress(name)
        }
    }

    @Test("An email is stored in lower case", arguments: OAuthProvider.kinds)
    func lowerCase(name: OAuthProvider) async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.user.update { $0.email = "Ada.Lovelace@Example.COM" }
            try await flow.expectAddress(name, verified: "ada.lovelace@example.com")
        }
    }

    @Test(
        "A name is truncated and cleaned to a valid one",
        arguments: [
            ("Ada\u{0}\u{7}", "Ada"), ("Ada\nLovelace", "Ada Lovelace"), ("\u{202E}Ada", "Ada"),
            (String(repeating: "é", count: 500), String(repeating: "é", count: 200)),
            (String(repeating: "e\u{301}", count: 150), String(repeating: "e\u{301}", count: 100)),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"), ("吉子さん", "吉子さん"),
        ]
    )
    func names(given: String, kept: String) async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.user.update { $0.name = given }
            for name in OAuthProvider.kinds { #expect(try await flow.signIn(name).displayName == kept) }
        }
    }

    @Test("Without a display name, Discord's user name is used; a Google user has none")
    func noName() async throws {
        try await ProviderFlow.with { flow async throws in
            for name in [nil, "", " \u{200B}\u{2066}\n"] {
                flow.mock.user.update { $0.name = name }
                #expect(try await flow.signIn(.discord).displayName == "ada")
                #expect(try await flow.signIn(.google).displayName == nil)
            }
            flow.mock.change(.discordUser) { $0.edit { $0["username"] = "\u{0}" } }
            #expect(try await flow.signIn(.discord).displayName == nil)
            flow.mock.changeIDToken { $0.claims["name"] = ["Ada"] }
            #expect(try await flow.signIn(.google).displayName == nil)
        }
    }

    @Test(
        "Google's picture is kept only when pages may show it",
        arguments: [
            "http://lh3.googleusercontent.com/a", "https://evil.example/a", "//lh3.googleusercontent.com/a",
            "https://lh3.googleusercontent.com.evil.example/a", "https://lh3.googleusercontent.com@evil.example/a",
            "https://user@lh3.googleusercontent.com/a", "https://lh3.googleusercontent.com:8443/a",
            "javascript:alert(1)",
            "https://lh3.googleusercontent.com/a b", "https://lh3.googleusercontent.com/\"onerror=\"", "",
            "data:image/png,",
            "https://lh3.googleusercontent.com\\@evil.example/", "https://lh3.googleusercontent.com/é",
            "https://lh3.googleusercontent.com/" + String(repeating: "a", count: 2048),
        ]
    )
    func googlePicture(address: String) async throws {
        #expect(ProviderPicture.address(address, at: "lh3.googleusercontent.com") == nil)
        try await ProviderFlow.with { flow async throws in
            flow.mock.user.update { $0.picture = address }
            #expect(try await flow.signIn(.google).avatarURL == nil)
        }
    }

    @Test("The URL of Discord's picture is built from validated parts; an animated one is a GIF")
    func discordPicture() {
        let base = "https://cdn.discordapp.com/avatars/80351110224678912"
        let picture = { DiscordProvider.picture(of: "80351110224678912", hash: $0) }
        #expect(picture("8342729096ea3675442027381ff50dfe") == "\(base)/8342729096ea3675442027381ff50dfe.png?size=128")
        #expect(
            picture("a_8342729096ea3675442027381ff50dfe") == "\(base)/a_8342729096ea3675442027381ff50dfe.gif?size=128"
        )
        let bad = [
            nil, "", "a_", "A_00", "../../0", "00?x=", "0\"", "é", "00/..", String(repeating: "0", count: 65), "a_a_00",
        ]
        for hash in bad { #expect(picture(hash) == nil) }
    }

    @Test(
        "The ID of a Discord user consists of digits",
        arguments: ["", "abc", "1/../2", "123456789012345678901", "１２３", "-1", "80351110224678912\n"]
    )
    func discordID(text: String) async throws {
        try await ProviderFlow.with { flow in
            flow.mock.user.update { $0.discordID = text }
            try await flow.expectRejection(.discord, .providerError, "contains no user")
            flow.mock.change(.discordUser) { $0.edit { $0["id"] = 80_351_110_224_678_912 } }
            try await flow.expectRejection(.discord, .providerError, "not the expected JSON")
        }
    }

    @Test("Invalid lifetimes count as missing", arguments: [0, -1, 1e300])
    func lifetimes(seconds: Double) async throws {
        try await ProviderFlow.with { flow async throws in
            flow.mock.change(.discordToken) { $0.edit { $0["expires_in"] = seconds } }
            #expect(try await flow.signIn(.discord).tokens.expiresAt == nil)
        }
    }
}
