import Crypto
import FoundationEssentials
import JWTKit
import Shared
import Testing

@testable import AuthAPI

/// The signed assertion, and the keys to verify it.
@Suite struct AssertionTests {
    private static let on = ["APP_ASSERTION": "on", "APP_UPSTREAM": "http://app:3000", "APP_PATH": "/app"]
    private static let otherKey = String(TestAPI.secretKey.reversed())

    /// Verifies a text with the keys that an API publishes, as an application does.
    private static func verified(_ text: String, by api: TestAPI) async throws -> AssertionClaims {
        let response = try await api.client().get(APIPath.keySet)
        let keys = try await JWTKeyCollection().add(jwks: try JSONDecoder().decode(JWKS.self, from: response.body))
        return try await keys.verify(text, as: AssertionClaims.self)
    }

    @Test("An assertion names the user for a minute and is verified with the published key")
    func claims() async throws {
        try await TestAPI.with(Self.on) { api in
            let client = try await api.registered(name: "山田 太郎")
            let me = try await client.get(APIPath.me).decoded(UserBody.self)
            let text = try #require(try await client.get(APIPath.accessCheck).header("X-Auth-Assertion"))
            let claims = try await Self.verified(text, by: api)
            #expect(claims.iss == "http://localhost:8080" && claims.aud == "http://localhost:8080/app/")
            #expect(claims.sub == me.id && claims.email == me.email && claims.name == "山田 太郎")
            #expect(!claims.emailVerified && claims.exp - claims.iat == 60)
            let sessions = try await client.get(APIPath.sessions).decoded(SessionListBody.self)
            #expect(sessions.sessions.map(\.id) == [claims.sid])
            // Sessions are signed with another key: neither token is accepted in place of the other.
            let token = try #require(client.token)
            await #expect(throws: (any Error).self) { try await Self.verified(token, by: api) }
            let asToken = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(text)")])
            #expect(asToken.status == 401)
        }
    }

    @Test("After a change of SECRET_KEY, old assertions can be verified until SECRET_KEY_PREVIOUS is removed")
    func rotation() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let first = Locked("")
            try await TestAPI.with(Self.on, database: database) { api in
                let client = try await api.registered()
                let text = try #require(try await client.get(APIPath.accessCheck).header("X-Auth-Assertion"))
                first.update { $0 = text }
            }
            let rotated = Self.on.merging(["SECRET_KEY": Self.otherKey, "SECRET_KEY_PREVIOUS": TestAPI.secretKey]) {
                $1
            }
            try await TestAPI.with(rotated, database: database) { api in
                let claims = try await Self.verified(first.value, by: api)
                #expect(claims.email == "ada@example.com")
                let set = try await api.client().get(APIPath.keySet).decoded(JWKS.self)
                #expect(set.keys.count == 2)
            }
            let after = Self.on.merging(["SECRET_KEY": Self.otherKey]) { $1 }
            try await TestAPI.with(after, database: database) { api in
                await #expect(throws: (any Error).self) { try await Self.verified(first.value, by: api) }
            }
        }
    }

    @Test("The key is the same on every replica, and differs from the other keys derived from SECRET_KEY")
    func derivation() throws {
        let secret = Secret(TestAPI.secretKey)
        let key = try KeyRing.assertionKey(from: secret)
        #expect(try KeyRing.assertionKey(from: secret).rawRepresentation == key.rawRepresentation)
        #expect(try KeyRing.assertionKey(from: Secret(Self.otherKey)).rawRepresentation != key.rawRepresentation)
        let purposes: [KeyRing.Purpose] = [
            .flowCookie, .pendingLinkCookie, .providerTicket, .deviceCookie, .providerTokens,
        ]
        for purpose in purposes {
            let other = unsafe KeyRing.key(for: purpose, from: secret).withUnsafeBytes { unsafe Data($0) }
            #expect(other != key.rawRepresentation)
        }
    }

    @Test("While disabled, there is no assertion and no key; while enabled, only the public key is published")
    func off() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let check = try await client.get(APIPath.accessCheck)
            #expect(check.header("X-Auth-Assertion") == nil)
            let keys = try await client.get(APIPath.keySet)
            #expect(keys.status == 404)
        }
        try await TestAPI.with(Self.on) { api in
            let keys = try await api.client().get(APIPath.keySet)
            #expect(keys.status == 200)
            #expect(keys.header("Content-Type") == "application/jwk-set+json")
            #expect(!keys.text.contains("\"d\""))
        }
    }
}
