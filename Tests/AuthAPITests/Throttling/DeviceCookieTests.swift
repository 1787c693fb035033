import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A17: Which browsers are known for an account, and cookies that attackers keep.
@Suite struct DeviceCookieTests {
    private static let address = "ada@example.com"
    private static let old = "Correct-Horse-7"
    private static let new = "Battery-Staple-8"
    private static let limits = [
        "LOGIN_LIMIT_ACCOUNT": "3/30000", "LOGIN_LIMIT_DEVICE": "2/20000", "LOGIN_LIMIT_NETWORK": "60/60000",
    ]
    /// The statuses of guesses of unknown browsers, which share the three attempts of the account.
    private static let unknown = [401, 401, 401, 429]

    private static func signIn(
        _ client: TestClient,
        _ password: String = "Wrong-Horse-7",
        email: String = address
    ) async throws -> Int {
        try await client.post(APIPath.login, ["email": email, "password": password]).status
    }

    /// Four browsers that have signed in with the first password.
    private static func browsers(_ api: TestAPI) async throws -> [TestClient] {
        var browsers: [TestClient] = []
        for _ in 1...4 {
            let browser = api.client()
            #expect(try await signIn(browser, old) == 200)
            browsers.append(browser)
        }
        return browsers
    }

    private static func guesses(_ browsers: [TestClient], email: String = address) async throws -> [Int] {
        var statuses: [Int] = []
        for browser in browsers { statuses.append(try await signIn(browser, email: email)) }
        return statuses
    }

    @Test(
        "A17 Cookies of a deleted account are unknown, also for a later account with the same address",
        arguments: [false, true]
    )
    func removedAccount(isRegisteredAgain: Bool) async throws {
        try await TestAPI.with(Self.limits) { api in
            _ = try await api.registered(email: Self.address)
            let kept = try await Self.browsers(api)
            let ada = try #require(UserReference(Self.address))
            _ = try await Operators(database: api.database).run { service in
                try await service.delete(try #require(try await service.store.user(ada)))
            }
            let owner = api.client()
            if isRegisteredAgain {
                let account = ["email": Self.address, "password": Self.new, "name": "Ada"]
                #expect(try await owner.post(APIPath.register, account).status == 201)
            }
            #expect(try await Self.guesses(kept) == Self.unknown)
            // The owner's browser has separate attempts.
            if isRegisteredAgain { #expect(try await Self.signIn(owner, Self.new) == 200) }
        }
    }

    @Test("A17 A password change forgets all browsers except the one that made it")
    func passwordChange() async throws {
        try await TestAPI.with(Self.limits) { api in
            // The time of the change is the server's, like that of the cookies, not the database's.
            api.clock.advance(by: -3600)
            let owner = try await api.registered(email: Self.address)
            // Browsers that signed in within the same second are forgotten, too.
            let kept = try await Self.browsers(api)
            let change = ["current_password": Self.old, "new_password": Self.new]
            #expect(try await owner.post(APIPath.password, change).status == 200)
            #expect(try await Self.guesses(kept) == Self.unknown)
            // The owner's browser has separate attempts.
            #expect(try await Self.signIn(owner) == 401)
            #expect(try await Self.signIn(owner, Self.new) == 200)
            // A browser that signs in later is known.
            api.clock.advance(by: 30_000)
            #expect(try await Self.signIn(kept[0], Self.new) == 200)
            #expect(try await Self.guesses(Array(kept[1...]) + [api.client()]) == Self.unknown)
            #expect(try await Self.signIn(kept[0]) == 401)
        }
    }

    @Test("A17 A browser is unknown for the next address of its user and the next user of its address")
    func changedAddress() async throws {
        try await TestAPI.with(Self.limits) { api in
            let browser = try await api.registered(email: Self.address)
            let ada = try #require(UserReference(Self.address))
            let next = try EmailAddress("ada.l@example.com")
            _ = try await Operators(database: api.database).run { try await $0.setEmail(of: ada, to: next) }
            _ = try await api.registered(email: Self.address, password: Self.new)
            for email in [next.value, Self.address] {
                let browsers = [TestClient](repeating: browser, count: 4)
                #expect(try await Self.guesses(browsers, email: email) == Self.unknown)
            }
        }
    }

    @Test("A17 The previous format is unknown, and the previous version does not accept this one")
    func previousFormat() async throws {
        try await TestAPI.with(Self.limits) { api in
            let owner = try await api.registered(email: Self.address)
            let keys = SealingKeys(for: .deviceCookie, from: TestAPI.secretKeys)
            let context = "known_device \(Self.address)"
            let cookie = try #require(owner.cookies.first { $0.name == "known_device" })
            let current = try #require(Base64URL.decode(cookie.value))
            #expect(keys.open(current, in: context) == nil)
            let until = Int64(Date.now.timeIntervalSince1970) + 1_000_000
            let content = #"{"device":"\#(UUID().uuidString)","until":\#(until)}"#
            let sealed = try keys.seal(Array(content.utf8), in: context)
            let browser = api.client()
            browser.keep(RequestCookie(name: "known_device", value: Base64URL.encode(sealed)))
            #expect(try await Self.guesses([TestClient](repeating: browser, count: 4)) == Self.unknown)
        }
    }
}
