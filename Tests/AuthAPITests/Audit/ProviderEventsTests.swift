import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The audit trail of provider accounts: each event by the request that causes it.
@Suite struct ProviderEventsTests {
    private static let login = ["email": "ada@example.com", "password": "Correct-Horse-7"]

    @Test(
        "The first sign-in registers, links and signs in; later ones only sign in",
        arguments: OAuthProvider.mocked
    )
    func signIn(provider: OAuthProvider) async throws {
        try await OAuthSite.with { site in
            let name = provider.rawValue
            let database = site.api.database
            let first = ["registered \(name)", "provider_linked \(name) registration", "signed_in \(name)"]
            for summaries in [first, ["signed_in \(name)"]] {
                let browser = site.browser()
                let target = try await site.begin(provider, in: browser)
                let events = try await expectEvents(summaries, status: 303, in: database) {
                    try await browser.get(target, headers: Visitor.headers)
                }
                let user = try await database.sql("SELECT id FROM users")
                #expect(events.allSatisfy { $0.user == user })
                let session = "SELECT id FROM sessions ORDER BY created_at DESC, id LIMIT 1"
                #expect(events.last?.session == (try await database.sql(session)))
                site.api.clock.advance(by: 1)
            }
        }
    }

    @Test("Linking by the user, by email or by password, and unlinking, record events with the method")
    func links() async throws {
        try await OAuthSite.with { site in
            let database = site.api.database
            // By the password of the account with the same email.
            _ = try await site.api.registered()
            let browser = site.browser()
            let target = try await site.begin(.google, in: browser)
            try await expectEvents([], status: 303, in: database) {
                try await browser.get(target, headers: Visitor.headers)
            }
            let connecting = Self.login.merging(["connect": "google"]) { $1 }
            let expected = ["signed_in", "provider_linked google by_password"]
            let connected = try await expectEvents(expected, status: 200, in: database) {
                try await browser.post(APIPath.login, connecting, headers: Visitor.headers)
            }
            #expect(connected[0].session == connected[1].session)
            // By the user, after unlinking it.
            let methods = try await site.methods(of: browser)
            let google = try #require(methods.identities.first { $0.provider == .google })
            let unlinked = try await expectEvents(["provider_unlinked google"], status: 204, in: database) {
                try await browser.delete("\(APIPath.identities)/\(google.id)", headers: Visitor.headers)
            }
            #expect(unlinked[0].session == connected[0].session)
            let third = try await site.beginLinking(.google, in: browser)
            for summaries in [["provider_linked google by_owner"], []] {
                let again = summaries.isEmpty ? try await site.beginLinking(.google, in: browser) : third
                let events = try await expectEvents(summaries, status: 303, in: database) {
                    try await browser.get(again, headers: Visitor.headers)
                }
                #expect(events.allSatisfy { $0.session == connected[0].session })
            }
            let user = try await database.sql("SELECT id FROM users")
            #expect(try await database.events().allSatisfy { $0.user == user })
        }
    }
}
