import Foundation
import Shared
import Testing

@testable import AuthAPI

/// The rules of registration apply to the address that the user of a provider account enters.
@Suite struct AddressRulesTests {
    private static let good = ["email": "ada@example.com"]

    @Test("A12: Closed registration: no address is requested, and entering one later creates nothing")
    func closed() async throws {
        try await TestDatabase.with { database in
            let cookies = Locked<[RequestCookie]>([])
            try await OAuthSite.with(database: database) { site in
                let browser = try await site.waiting()
                cookies.update { $0 = browser.cookies }
            }
            try await OAuthSite.with(["REGISTRATION": "closed"], database: database) { site in
                let rejected = try await site.signIn(.discord, in: site.browser()) { $0.email = nil }
                expectFailure(.registrationClosed, rejected, in: site)
                let browser = site.browser()
                for cookie in cookies.value { browser.keep(cookie) }
                for body in [Self.good, [:]] {
                    let response = try await browser.post(APIPath.address, body)
                    #expect(response.status == 403)
                    #expect(try response.problem.code == .registrationClosed)
                }
            }
            // The provider was turned off, or has another issuer, while the cookie waited.
            try await TestAPI.with(database: database) { api in
                let browser = api.client()
                for cookie in cookies.value { browser.keep(cookie) }
                try expectNothingPending(await browser.post(APIPath.address, Self.good))
            }
            #expect(try await database.sql("SELECT count(*) FROM users") == "0")
        }
    }

    @Test("A12: REGISTRATION_DOMAINS applies to the entered address, whatever the provider reports")
    func domains() async throws {
        try await OAuthSite.with(["REGISTRATION_DOMAINS": "example.com"]) { site in
            let browser = try await site.waiting(email: "ada@example.com")
            for email in ["ada@example.org", "ada@sub.example.com", "ada@example.com.evil.example"] {
                let response = try await browser.post(APIPath.address, ["email": email])
                #expect(try response.fieldCodes == ["email domain_not_allowed"])
            }
            #expect(try await browser.post(APIPath.address, Self.good).status == 201)
        }
    }

    @Test("A12: Registration by invitation takes a valid one, which is used once")
    func invites() async throws {
        try await OAuthSite.with(["REGISTRATION": "invite"]) { site in
            func invite(_ email: String? = nil) async throws -> String {
                let address = try email.map { try EmailAddress($0) }
                let made = try await Operators(database: site.api.database).run {
                    try await $0.invite(address, uses: 1, validFor: 3600)
                }
                return String(try #require(made.link.split(separator: "=").last))
            }
            func invited(_ code: String) -> TestClient {
                let browser = site.browser()
                browser.keep(RequestCookie(name: SiteCookies.invite, value: code))
                return browser
            }
            for code in ["", "nonsense"] {
                let response = try await site.signIn(.discord, in: invited(code)) { $0.email = nil }
                expectFailure(.notInvited, response, in: site)
            }
            let bound = try await site.waiting(in: invited(invite("bob@example.com")))
            let wrong = try await bound.post(APIPath.address, Self.good)
            #expect(try wrong.fieldCodes == ["invite invalid_invite"])
            let malformed = try await bound.post(APIPath.address, Self.good.merging(["invite": "x"]) { $1 })
            #expect(try malformed.fieldCodes == ["invite invalid_invite"])
            // Another invitation, or the address that it is for.
            let open = try await invite()
            #expect(try await bound.post(APIPath.address, Self.good.merging(["invite": open]) { $1 }).status == 201)
            let again = try await site.waiting(in: invited(open), subject: "2")
            let used = try await again.post(APIPath.address, ["email": "eve@example.com"])
            #expect(try used.fieldCodes == ["invite invalid_invite"])
            let guest = try await site.waiting(in: invited(invite("carol@example.com")), subject: "3")
            #expect(try await guest.post(APIPath.address, ["email": "Carol@example.com"]).status == 201)
            #expect(!guest.cookies.contains { $0.name == SiteCookies.invite })
            #expect(try await site.sql("SELECT count(*) FROM users") == "2")
        }
    }

    @Test("A12: An invalid address is reported with its field, and creates no account")
    func badAddresses() async throws {
        try await OAuthSite.with { site in
            let browser = try await site.waiting()
            let addresses = [
                ("", "required"), (" ", "required"), ("ada", "invalid_email"), ("ada@localhost", "invalid_email"),
                ("ada@example.com\r\nBcc: eve@example.com", "invalid_email"), ("ada@example.com\0", "invalid_email"),
                ("ada@example.com,eve@example.com", "invalid_email"), ("Ada <ada@example.com>", "invalid_email"),
                ("ada@exam\u{130}ple.com", "invalid_email"), ("a\u{301}da@example.com", "invalid_email"),
                (String(repeating: "a", count: 60) + "@" + String(repeating: "b.", count: 100) + "example", "too_long"),
                (String(repeating: "a", count: 60_000), "too_long"),
            ]
            for (email, code) in addresses {
                let response = try await browser.post(APIPath.address, ["email": email])
                #expect(response.status == 422, "\(email.prefix(50))")
                #expect(try response.fieldCodes == ["email \(code)"], "\(email.prefix(50))")
            }
            let bodies = [
                ("{}", 422, "email required"), (#"{"email":7}"#, 422, "email wrong_type"),
                (#"{"email":"ada@example.com","provider":"google"}"#, 422, "provider unknown_field"),
                (#"{"email":"ada@example.com","invite":7}"#, 422, "invite wrong_type"),
                (#"{"email":"a@example.com","email":"b@example.com"}"#, 400, ""), ("[]", 400, ""),
                (#"{"email":"\#(String(repeating: "a", count: 70_000))"}"#, 413, ""),
            ]
            for (json, status, field) in bodies {
                let response = try await browser.post(APIPath.address, json: json)
                #expect(response.status == status, "\(json.prefix(50))")
                #expect(try response.fieldCodes == (field.isEmpty ? [] : [field]), "\(json.prefix(50))")
            }
            #expect(try await site.sql("SELECT count(*) FROM users") == "0")
        }
    }

    @Test("A12: Cross-site requests are rejected, and the rate limit of registrations applies")
    func limits() async throws {
        try await OAuthSite.with(["REGISTRATION_LIMIT_NETWORK": "2/3600"]) { site in
            let browser = try await site.waiting()
            for header in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")] {
                let response = try await browser.post(APIPath.address, Self.good, headers: [header])
                #expect(response.status == 403)
                #expect(try response.problem.code == .crossSiteRequest)
            }
            let form = Data("email=ada%40example.com".utf8)
            let type = [("Content-Type", "application/x-www-form-urlencoded")]
            #expect(try await browser.send("POST", APIPath.address, headers: type, body: form).status == 415)
            _ = try await site.api.registered(email: "grace@example.com")
            // Every attempt counts, whatever the result.
            #expect(try await browser.post(APIPath.address, ["email": "grace@example.com"]).status == 409)
            let limited = try await browser.post(APIPath.address, Self.good)
            #expect(limited.status == 429 && limited.header("Retry-After") != nil)
            #expect(try await site.sql("SELECT count(*) FROM users") == "1")
        }
    }
}
