import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A10, A11: The responses of a well-behaved provider.
@Suite struct ProviderSignInTests {
    @Test("A11: Google identifies a user by an ID token")
    func google() async throws {
        try await ProviderFlow.with { flow in
            let identity = try await flow.signIn(.google)
            #expect(identity.provider == .google)
            #expect(identity.subject == "110169484474386276334")
            #expect(identity.email?.value == "ada@example.com")
            #expect(identity.displayName == "Ada Lovelace")
            #expect(identity.avatarURL == "https://lh3.googleusercontent.com/a/ada=s96-c")
            #expect(identity.tokens.accessToken.value.hasPrefix("access-"))
            #expect(identity.tokens.refreshToken == nil)
            let expiry = try #require(identity.tokens.expiresAt)
            #expect(abs(expiry.timeIntervalSince(flow.clock.now()) - 3600) < 60)
        }
    }

    @Test("A11: Discord identifies a user by its response to the token")
    func discord() async throws {
        try await ProviderFlow.with { flow in
            let identity = try await flow.signIn(.discord)
            #expect(identity.provider == .discord)
            #expect(identity.subject == "80351110224678912")
            #expect(identity.email?.value == "ada@example.com")
            #expect(identity.displayName == "Ada Lovelace")
            #expect(
                identity.avatarURL
                    == "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png?size=128"
            )
            #expect(identity.tokens.refreshToken?.value.hasPrefix("refresh-") == true)
        }
    }
}
