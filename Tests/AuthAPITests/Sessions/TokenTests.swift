import Crypto
import Foundation
import JWTKit
import Shared
import Testing

@testable import AuthAPI

/// A6, A7, A8, A9: tokens.
@Suite struct TokenTests {
    private static let key = TestAPI.secretKey

    /// Creates arbitrary tokens, like an attacker: any header, any claims, any key.
    private struct Forger {
        var header: [String: Any] = ["alg": "HS256", "typ": "JWT"]
        var claims: [String: Any]
        var key = TokenTests.key

        init(token: String) throws {
            let parts = token.split(separator: ".")
            header = try Self.decode(parts[0])
            claims = try Self.decode(parts[1])
        }

        static func decode(_ part: Substring) throws -> [String: Any] {
            var text = part.replacing("-", with: "+").replacing("_", with: "/")
            text += String(repeating: "=", count: (4 - text.count % 4) % 4)
            let data = try #require(Data(base64Encoded: String(text)))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }

        static func encode(_ data: Data) -> String {
            data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }

        func token(sha512: Bool = false) throws -> String {
            let head = Self.encode(try JSONSerialization.data(withJSONObject: header))
            let body = Self.encode(try JSONSerialization.data(withJSONObject: claims))
            let input = Data("\(head).\(body)".utf8)
            let key = SymmetricKey(data: Data(key.utf8))
            let signature =
                sha512
                ? Data(HMAC<SHA512>.authenticationCode(for: input, using: key))
                : Data(HMAC<SHA256>.authenticationCode(for: input, using: key))
            return "\(head).\(body).\(Self.encode(signature))"
        }
    }

    private func status(_ api: TestAPI, bearer token: String) async throws -> Int {
        let response = try await api.client().get(APIPath.me, headers: [("Authorization", "Bearer \(token)")])
        if response.status == 401 {
            #expect(try response.problem.code == .unauthenticated)
            #expect(response.header("WWW-Authenticate") == "Bearer")
        }
        return response.status
    }

    /// Stores the hash of a forged token in the user's session, so that only the token itself is invalid.
    private func adopt(_ token: String, in api: TestAPI) async throws {
        let hash = TokenHash(of: Secret(token)).bytes.map { String(format: "%02x", $0) }.joined()
        try await api.database.sql("UPDATE sessions SET token_hash = '\\x\(hash)'")
    }

    @Test("A6: The token is HS256 with all claims and a lifetime of 7 days")
    func claims() async throws {
        try await TestAPI.with(["PUBLIC_URL": "https://site.example"]) { api in
            let client = try await api.registered()
            let forger = try Forger(token: try #require(client.token))
            #expect(forger.header["alg"] as? String == "HS256")
            let user: UserBody = try await client.get(APIPath.me).decoded()
            #expect(forger.claims["sub"] as? String == user.id)
            #expect(forger.claims["email"] as? String == "ada@example.com")
            #expect(forger.claims["iss"] as? String == "https://site.example")
            #expect(forger.claims["aud"] as? String == "yoshikosan")
            #expect(
                forger.claims["jti"] as? String == (try await api.database.sql("SELECT id FROM sessions"))
            )
            let issued = try #require(forger.claims["iat"] as? Int)
            #expect(abs(Date.now.timeIntervalSince1970 - Double(issued)) < 60)
            #expect(forger.claims["exp"] as? Int == issued + 604_800)
            // An independent implementation agrees that the signature is that of SECRET_KEY.
            let expected = try forger.token().split(separator: ".").count
            #expect(expected == 3)
            let parts = try #require(client.token).split(separator: ".")
            let code = HMAC<SHA256>.authenticationCode(
                for: Data("\(parts[0]).\(parts[1])".utf8),
                using: SymmetricKey(data: Data(Self.key.utf8))
            )
            #expect(Forger.encode(Data(code)) == parts[2])
        }
    }

    @Test("A6: A forged token without faults is accepted, so the other tests reject tokens for their faults")
    func controlForgery() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            var forger = try Forger(token: try #require(client.token))
            forger.claims["x"] = 1
            let token = try forger.token()
            #expect(try await status(api, bearer: token) == 401)
            try await adopt(token, in: api)
            #expect(try await status(api, bearer: token) == 200)
        }
    }

    @Test("A6: A cached token is rejected once it has expired")
    func knownTokens() async throws {
        let issuer = await TokenIssuer(
            TestAPI.secretKeys,
            issuer: try #require(WebOrigin("https://site.example"))
        )
        let user = User(id: UUID(), email: "ada@example.com", name: "Ada", avatarURL: nil)
        let made = Date(timeIntervalSince1970: 1_800_000_000)
        let token = try await issuer.token(for: user, session: SessionID(), createdAt: made)
        func isValid(_ token: Secret, after seconds: Int) async -> Bool {
            await issuer.isValid(token, hash: TokenHash(of: token), at: made.addingTimeInterval(Double(seconds)))
        }
        for _ in 0..<2 {
            #expect(await isValid(token, after: 0))
            #expect(await isValid(token, after: TokenIssuer.lifetime - 1))
            #expect(await !isValid(token, after: TokenIssuer.lifetime))
        }
        let tampered = Secret(String(token.value.dropLast(8)) + "AAAAAAAA")
        #expect(await !isValid(tampered, after: 0))
        #expect(await !isValid(tampered, after: 0))
    }

    @Test("A6: A token from before the clock was set back is valid")
    func issuedInTheFuture() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            var forger = try Forger(token: try #require(client.token))
            forger.claims["iat"] = Int(Date.now.timeIntervalSince1970) + 3600
            let token = try forger.token()
            try await adopt(token, in: api)
            #expect(try await status(api, bearer: token) == 200)
        }
    }

    @Test("A6: Every invalid token gets 401, even if a session has its hash")
    func forgeries() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let good = try Forger(token: try #require(client.token))
            let now = Int(Date.now.timeIntervalSince1970)
            var forgeries: [(String, String)] = []
            func forge(_ name: String, sha512: Bool = false, _ change: (inout Forger) -> Void) throws {
                var forger = good
                change(&forger)
                forgeries.append((name, try forger.token(sha512: sha512)))
            }
            try forge("wrong key") { $0.key = "another-key-that-is-long-enough-123456" }
            try forge("empty key") { $0.key = "" }
            try forge("HS512", sha512: true) { $0.header["alg"] = "HS512" }
            try forge("unknown kid") { forger in
                forger.header["kid"] = "../../etc/passwd"
                forger.key = "another-key-that-is-long-enough-123456"
            }
            try forge("expired") { $0.claims["exp"] = now - 1 }
            try forge("expires now") { $0.claims["exp"] = now }
            try forge("no expiry") { $0.claims["exp"] = nil }
            try forge("expiry as text") { $0.claims["exp"] = "\(now + 1000)" }
            try forge("not yet valid") { $0.claims["nbf"] = now + 3600 }
            try forge("wrong issuer") { $0.claims["iss"] = "https://evil.example" }
            try forge("no issuer") { $0.claims["iss"] = nil }
            try forge("wrong audience") { $0.claims["aud"] = "another" }
            try forge("audience list") { $0.claims["aud"] = ["yoshikosan", "another"] }
            try forge("no audience") { $0.claims["aud"] = [String]() }
            var none = good
            none.header["alg"] = "none"
            let unsigned = try none.token().split(separator: ".").prefix(2).joined(separator: ".")
            forgeries.append(("alg none", unsigned + "."))
            forgeries.append(("no signature part", unsigned))
            var parts = try #require(client.token).split(separator: ".").map(String.init)
            parts[1] = String(parts[1].dropLast(4)) + "AAAA"
            forgeries.append(("tampered payload", parts.joined(separator: ".")))
            for (name, token) in forgeries {
                try await adopt(token, in: api)
                #expect(try await status(api, bearer: token) == 401, "\(name)")
            }
        }
    }

    @Test(
        "A7: An invalid bearer token gets 401 and never reaches the database",
        arguments: [
            "Bearer", "Bearer ", "Bearer a.b.c", "Bearer ...", "bearer \u{E9}", "BEARER\ta.b.c",
            "Bearer " + String(repeating: "a", count: 8000), "Bearer e30.e30.e30",
        ]
    )
    func garbage(header: String) async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            // Not even with a valid cookie: a bearer token takes precedence.
            let response = try await client.get(APIPath.me, headers: [("Authorization", header)])
            #expect(response.status == 401)
        }
    }

    @Test("A7: the token works from the cookie and as a bearer")
    func sources() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            #expect(try await client.get(APIPath.me).status == 200)
            #expect(try await status(api, bearer: token) == 200)
            let anonymous = api.client()
            #expect(try await anonymous.get(APIPath.me).status == 401)
            for header in ["Authorization": "bearer \(token)", "Cookie": "a=b; access_token=\(token); c=d"] {
                #expect(try await anonymous.get(APIPath.me, headers: [(header.key, header.value)]).status == 200)
            }
            #expect(try await anonymous.get("\(APIPath.me)?access_token=\(token)").status == 401)
        }
    }

    @Test("A7: Many cookies are parsed, and two different ones with the name are rejected")
    func cookies() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            let token = try #require(client.token)
            func status(_ cookies: [String]) async throws -> Int {
                try await api.client().get(APIPath.me, headers: cookies.map { ("Cookie", $0) }).status
            }
            let hundred = (0..<100).map { "c\($0)=\($0)" }.joined(separator: "; ")
            #expect(try await status(["\(hundred); access_token=\(token)"]) == 200)
            #expect(try await status(["access_token=\(token); access_token=\(token)"]) == 200)
            #expect(try await status(["access_token=planted; access_token=\(token)"]) == 401)
            #expect(try await status(["access_token=\(token); access_token=planted"]) == 401)
            #expect(try await status(["access_token=\(token)", "access_token=planted"]) == 401)
            #expect(try await status(["xaccess_token=\(token)"]) == 401)
            #expect(try await status(["access_token"]) == 401)
            #expect(try await status(["access_token=; ;;=;"]) == 401)
            // The other cookie's name is not this deployment's.
            #expect(try await status(["__Host-access_token=\(token)"]) == 401)
        }
    }

    @Test("A6: A token expires after 7 days")
    func expiry() async throws {
        try await TestAPI.with { api in
            let client = try await api.registered()
            api.clock.advance(by: 7 * 86_400 - 60)
            #expect(try await client.get(APIPath.me).status == 200)
            api.clock.advance(by: 120)
            #expect(try await client.get(APIPath.me).status == 401)
        }
    }

    @Test("A7: The session in the database decides: expired, removed, or its user deleted")
    func sessionDecides() async throws {
        try await TestAPI.with { api in
            let first = try await api.registered(email: "a@example.com")
            let second = try await api.registered(email: "b@example.com")
            try await api.database.sql(
                "UPDATE sessions SET created_at = now() - interval '2 s', expires_at = now() - interval '1 s'"
            )
            #expect(try await first.get(APIPath.me).status == 401)
            try await api.database.sql("UPDATE sessions SET expires_at = now() + interval '1 day'")
            #expect(try await first.get(APIPath.me).status == 200)
            try await api.database.sql("DELETE FROM users WHERE email = 'a@example.com'")
            #expect(try await first.get(APIPath.me).status == 401)
            #expect(try await second.get(APIPath.me).status == 200)
        }
    }

    // E4: A rotation does not sign users out.
    @Test("E4: A token of the previous key is valid while that key is configured")
    func rotation() async throws {
        let newKey = "Wz8-Qp4Nf6_Xk1Ld9Tb3Rm7Yc5Hs2Vg0Ja"
        try await TestDatabase.with { database in
            let token = Locked<String?>(nil)
            try await TestAPI.with(database: database) { api in
                let made = try await api.registered().token
                token.update { $0 = made }
            }
            let old = try #require(token.value)
            try await TestAPI.with(
                ["SECRET_KEY": newKey, "SECRET_KEY_PREVIOUS": TestAPI.secretKey],
                database: database
            ) { api in
                #expect(try await status(api, bearer: old) == 200)
                let fresh = try await api.registered(email: "b@example.com")
                #expect(try await fresh.get(APIPath.me).status == 200)
            }
            try await TestAPI.with(["SECRET_KEY": newKey], database: database) { api async throws in
                #expect(try await status(api, bearer: old) == 401)
            }
        }
    }
}
