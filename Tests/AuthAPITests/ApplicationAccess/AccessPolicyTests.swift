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

    @Test("Without lists, every user is allowed")
    func open() {
        let policy = AccessPolicy()
        #expect(policy.rejection(of: Self.signedIn("ada@example.com", isVerified: false)) == nil)
        #expect(policy.rejection(of: Self.signedIn("ädä@example.com", isVerified: true)) == nil)
    }

    @Test(
        "With lists, the email address must be in one and verified by a provider",
        arguments: [
            ("ada@example.com", true, nil), ("ada@example.com", false, .emailNotVerified),
            ("ADA@Example.COM", true, nil),
            ("bob@example.com", true, .notAllowed), ("bob@example.org", true, nil),
            ("bob@example.org", false, .emailNotVerified), ("bob@sub.example.org", true, .notAllowed),
            ("bob@example.org.evil.com", true, .notAllowed), ("example.org@evil.com", true, .notAllowed),
            ("bob@evil.com@example.org", true, nil), ("example.org", true, .notAllowed), ("", true, .emailNotVerified),
            ("ada@example.com\n", true, .emailNotVerified), ("ada@exämple.com", true, .emailNotVerified),
        ] as [(String, Bool, AccessPolicy.Rejection?)]
    )
    func lists(email: String, isVerified: Bool, rejection: AccessPolicy.Rejection?) {
        let policy = AccessPolicy(allowedEmails: ["ada@example.com"], allowedDomains: ["example.org"])
        #expect(policy.rejection(of: Self.signedIn(email, isVerified: isVerified)) == rejection)
    }

    @Test("When users are identified by email address, it must be verified")
    func byEmail() {
        let policy = AccessPolicy(userName: .email)
        #expect(policy.rejection(of: Self.signedIn("ada@example.com", isVerified: true)) == nil)
        #expect(policy.rejection(of: Self.signedIn("ada@example.com", isVerified: false)) == .emailNotVerified)
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

    @Test("Refusals are in the audit trail: one event per session and reason, however often the user tries")
    func recorded() async throws {
        try await TestAPI.with(["APP_ALLOWED_EMAILS": "bob@example.com"]) { api in
            let rejected: @Sendable () async throws -> [String] = {
                try await api.database.events().map(\.summary).filter { $0.contains("access_refused") }
            }
            let client = try await api.registered()
            for _ in 0..<3 {
                let status = try await client.get(APIPath.accessCheck).status
                #expect(status == 403)
            }
            #expect(try await rejected() == ["access_refused email_not_verified"])
            try await api.database.sql("UPDATE users SET email_verified_at = now()")
            _ = try await client.get(APIPath.accessCheck)
            #expect(try await rejected() == ["access_refused email_not_verified", "access_refused not_allowed"])
            let event = try #require(try await api.database.events().last)
            #expect(event.session == (try await api.database.sql("SELECT id FROM sessions")))
            // Another process has an empty cache, and finds the events.
            let other = AccessRejections(postgres: api.app.postgres)
            let user = try #require(event.user.flatMap { UserID(uuidString: $0) })
            let signedIn = SignedIn(
                user: User(id: user, email: "ada@example.com", name: "Ada", avatarURL: nil),
                sessionID: try #require(event.session.flatMap { SessionID(uuidString: $0) }),
                isEmailVerified: true
            )
            await other.record(.notAllowed, of: signedIn, from: .operator)
            #expect(try await rejected().count == 2)
        }
    }
}
