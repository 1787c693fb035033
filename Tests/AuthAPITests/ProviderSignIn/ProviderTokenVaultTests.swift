import Foundation
import Shared
import Testing

@testable import AuthAPI

/// D4, E4: Provider tokens in the database.
@Suite struct ProviderTokenVaultTests {
    private static let oldKey = Secret(Base64URL.random256Bits())
    private static let newKey = Secret(Base64URL.random256Bits())
    private static let ada = IdentityKey(provider: .google, issuer: "i", subject: "ada")
    private static let token = Secret("ya29.the-token")

    @Test("D4: A token is decrypted in its row and column only, and encrypted differently each time")
    func boundToTheRow() throws {
        let vault = ProviderTokenVault(SecretKeys(Self.oldKey))
        let sealed = try vault.seal(Self.token, for: Self.ada, in: .accessToken)
        let version = vault.version
        #expect(vault.open(sealed, version: version, for: Self.ada, in: .accessToken) == Self.token)
        #expect(try vault.seal(Self.token, for: Self.ada, in: .accessToken) != sealed)
        #expect(vault.open(sealed, version: version, for: Self.ada, in: .refreshToken) == nil)
        let others = [
            IdentityKey(provider: .discord, issuer: "i", subject: "ada"),
            IdentityKey(provider: .google, issuer: "i", subject: "eve"),
        ]
        for other in others { #expect(vault.open(sealed, version: version, for: other, in: .accessToken) == nil) }
        for index in sealed.indices {
            var tampered = sealed
            tampered[index] ^= 1
            #expect(vault.open(tampered, version: version, for: Self.ada, in: .accessToken) == nil)
        }
        for length in [0, 1, 12, 27, sealed.count - 1] {
            let cut = Array(sealed.prefix(length))
            #expect(vault.open(cut, version: version, for: Self.ada, in: .accessToken) == nil)
        }
    }

    @Test("E4: The previous key decrypts its tokens; the version identifies the key")
    func previousKey() throws {
        let old = ProviderTokenVault(SecretKeys(Self.oldKey))
        let both = ProviderTokenVault(SecretKeys(Self.newKey, previous: Self.oldKey))
        let new = ProviderTokenVault(SecretKeys(Self.newKey))
        #expect(old.version != new.version && both.version == new.version)
        #expect(old.version >= 1 && new.version >= 1)
        let sealed = try old.seal(Self.token, for: Self.ada, in: .refreshToken)
        #expect(both.open(sealed, version: old.version, for: Self.ada, in: .refreshToken) == Self.token)
        #expect(both.open(sealed, version: new.version, for: Self.ada, in: .refreshToken) == nil)
        #expect(new.open(sealed, version: old.version, for: Self.ada, in: .refreshToken) == nil)
        let resealed = try #require(
            try both.reseal(sealed, version: old.version, for: Self.ada, in: .refreshToken)
        )
        #expect(new.open(resealed, version: new.version, for: Self.ada, in: .refreshToken) == Self.token)
        #expect(try new.reseal(sealed, version: old.version, for: Self.ada, in: .refreshToken) == nil)
    }

    @Test("E4: Each purpose has a separate key")
    func purposesDiffer() throws {
        let purposes: [KeyRing.Purpose] = [.flowCookie, .pendingLinkCookie, .providerTokens]
        let keys = purposes.map { SealingKeys(for: $0, from: SecretKeys(Self.oldKey)) }
        #expect(Set(keys.map(\.version)).count == purposes.count)
        for (index, sealer) in keys.enumerated() {
            let sealed = try sealer.seal(Array("x".utf8), in: "same")
            for (other, opener) in keys.enumerated() {
                #expect((opener.open(sealed, in: "same") != nil) == (index == other))
            }
        }
    }

    @Test("D4: The longest accepted token fits the column when encrypted")
    func longestToken() throws {
        let vault = ProviderTokenVault(SecretKeys(Self.oldKey))
        let longest = Secret(String(repeating: "x", count: ProviderTokenVault.maximumLength))
        // oauth_accounts_access_token_length
        #expect(try vault.seal(longest, for: Self.ada, in: .accessToken).count == 16384)
    }

    @Test("D4: The table contains no readable token", arguments: OAuthProvider.mocked)
    func unreadableInTheTable(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let browser = site.browser()
            try await site.signIn(provider, in: browser)
            let row = try #require(try await site.sql("SELECT to_jsonb(oauth_accounts)::text FROM oauth_accounts"))
            let bytes = try #require(
                try await site.sql("SELECT encode(access_token, 'escape') FROM oauth_accounts")
            )
            // The mock's tokens are `access-…` and `refresh-…`.
            #expect(!row.contains("access-") && !bytes.contains("access-"))
            #expect(!row.contains(Data("access-".utf8).map { String($0, radix: 16) }.joined()))
            let refresh = try await site.sql("SELECT encode(refresh_token, 'escape') FROM oauth_accounts") ?? ""
            #expect(!refresh.contains("refresh-"))
            #expect(refresh.isEmpty == (provider == .google))
            #expect(try await site.sql("SELECT expires_at > now() FROM oauth_accounts") == "t")
        }
    }

    @Test("D4: An access token that does not fit the column is rejected as the provider's error")
    func tooLong() async throws {
        try await OAuthSite.with { site in
            let long = String(repeating: "x", count: ProviderTokenVault.maximumLength + 1)
            site.mock.change(.discordToken) { response in response.edit { $0["access_token"] = long } }
            let browser = site.browser()
            expectFailure(.providerError, try await site.signIn(.discord, in: browser), in: site)
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
        }
    }
}
