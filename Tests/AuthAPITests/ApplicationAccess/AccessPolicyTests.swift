import FoundationEssentials
import Shared
import Testing

@testable import AuthAPI

/// Who may use the application.
@Suite struct AccessPolicyTests {
    private static func signedIn(_ email: String, isVerified: Bool) -> SignedIn {
        SignedIn(
            user: User(id: .random(), email: email, name: "Ada", avatarURL: nil),
            sessionID: .random(),
            isEmailVerified: isVerified
        )
    }

    @Test("Without lists every user may, whatever their address")
    func open() {
        let policy = AccessPolicy()
        #expect(policy.refusal(of: Self.signedIn("ada@example.com", isVerified: false)) == nil)
        #expect(policy.refusal(of: Self.signedIn("ädä@example.com", isVerified: true)) == nil)
    }

    @Test(
        "With lists an address must be on one, and a provider must vouch for it",
        arguments: [
            ("ada@example.com", true, nil), ("ada@example.com", false, .emailNotVerified),
            ("ADA@Example.COM", true, nil),
            ("bob@example.com", true, .notAllowed), ("bob@example.org", true, nil),
            ("bob@example.org", false, .emailNotVerified), ("bob@sub.example.org", true, .notAllowed),
            ("bob@example.org.evil.com", true, .notAllowed), ("example.org@evil.com", true, .notAllowed),
            ("bob@evil.com@example.org", true, nil), ("example.org", true, .notAllowed), ("", true, .emailNotVerified),
            ("ada@example.com\n", true, .emailNotVerified), ("ada@exämple.com", true, .emailNotVerified),
        ] as [(String, Bool, AccessPolicy.Refusal?)]
    )
    func lists(email: String, isVerified: Bool, refusal: AccessPolicy.Refusal?) {
        let policy = AccessPolicy(allowedEmails: ["ada@example.com"], allowedDomains: ["example.org"])
        #expect(policy.refusal(of: Self.signedIn(email, isVerified: isVerified)) == refusal)
    }

    @Test("Known by the address, a user needs one that a provider vouches for")
    func byEmail() {
        let policy = AccessPolicy(userName: .email)
        #expect(policy.refusal(of: Self.signedIn("ada@example.com", isVerified: true)) == nil)
        #expect(policy.refusal(of: Self.signedIn("ada@example.com", isVerified: false)) == .emailNotVerified)
    }

    @Test("The settings decide, over HTTP: 403 without a body")
    func settings() async throws {
        let settings = ["APP_ALLOWED_DOMAINS": "Example.com", "APP_USER": "email"]
        try await TestAPI.with(settings) { api in
            let client = try await api.registered()
            let before = try await client.get(APIPath.accessCheck)
            #expect(before.status == 403 && before.body.isEmpty && before.header("Remote-User") == nil)
            try await api.database.sql("UPDATE users SET email_verified_at = now()")
            let after = try await client.get(APIPath.accessCheck)
            #expect(after.status == 204 && after.header("Remote-User") == "ada@example.com")
            try await api.database.sql("UPDATE users SET email = 'ada@elsewhere.example'")
            let moved = try await client.get(APIPath.accessCheck)
            #expect(moved.status == 403)
        }
    }
}
