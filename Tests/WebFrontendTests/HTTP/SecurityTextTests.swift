import FoundationEssentials
import Shared
import Testing

@testable import WebFrontend

/// How to report a vulnerability (RFC 9116).
@Suite struct SecurityTextTests {
    private static func contact(_ text: String) throws -> SecurityContact? {
        try TestSettings.all(["SECURITY_CONTACT": text]).securityContact
    }

    @Test func theFileNamesContactsInTheirOrderAndExpires() throws {
        let contact = try Self.contact("mailto:a@Example.com, https://日本語.jp/x,tel:+81-3-1234-5678")
        let site = try #require(WebOrigin("https://auth.example.com"))
        let text = SecurityText(contact: contact, publicURL: site).text(at: Date(timeIntervalSince1970: 1_795_905_999))
        #expect(
            text == """
                Contact: mailto:a@example.com
                Contact: https://xn--wgv71a119e.jp/x
                Contact: tel:+81-3-1234-5678
                Expires: 2027-02-26T00:00:00Z
                Canonical: https://auth.example.com/.well-known/security.txt

                """
        )
    }

    /// Section 2.5.2: A canonical address begins with https.
    @Test func withoutTLSThereIsNoCanonicalAddress() throws {
        let site = try #require(WebOrigin("http://localhost:8080"))
        let text = SecurityText(contact: try Self.contact("mailto:a@example.com"), publicURL: site).text(at: .now)
        #expect(text?.hasPrefix("Contact: mailto:a@example.com\nExpires: ") == true)
        #expect(text?.contains("Canonical") == false)
    }

    /// Section 2.5.5: It has not expired, and expires within a year.
    @Test(arguments: [0.0, 1_795_824_000, 1_795_910_399.9, 4_102_444_799])
    func itExpiresInTheFutureAndWithinAYear(seconds: Double) throws {
        let now = Date(timeIntervalSince1970: seconds)
        let text = try #require(
            SecurityText(contact: try Self.contact("tel:110"), publicURL: .localhost).text(at: now)
        )
        let line = try #require(text.split(separator: "\n").last)
        let expires = try Date(String(line.dropFirst("Expires: ".count)), strategy: .iso8601)
        #expect(expires > now.addingTimeInterval(80 * 86_400))
        #expect(expires < now.addingTimeInterval(365 * 86_400))
    }

    @Test(arguments: [
        "security@example.com", "http://example.com/security", "mailto:", "javascript:alert(1)", ",",
        "mailto:a@example.com;b",
        "tel:", "tel:+81 3", "mailto:a@example.com,nobody", "https://example.com/a b", "ftp://example.com",
    ])
    func rejectsInvalidContacts(text: String) {
        let faults = #expect(throws: SettingsFaults.self) { try Self.contact(text) }
        #expect(faults?.lines.count == 1)
        #expect(faults?.lines.first?.hasPrefix("SECURITY_CONTACT: must be addresses like mailto:") == true)
    }

    @Test func rejectsMoreThanTenContacts() throws {
        let ten = Array(repeating: "tel:110", count: 10)
        #expect(try Self.contact(ten.joined(separator: ","))?.addresses.count == 10)
        #expect(throws: SettingsFaults.self) { try Self.contact((ten + ["tel:110"]).joined(separator: ",")) }
    }

    @Test func servesFileOnlyWithContact() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/.well-known/security.txt")
            #expect(page.status == 404)
        }
        try await TestSite.with(securityContact: try Self.contact("mailto:a@example.com")) { site in
            let file = try await site.get("/.well-known/security.txt")
            #expect(file.status == 200)
            #expect(file["Content-Type"] == "text/plain; charset=utf-8")
            #expect(file.body.hasPrefix("Contact: mailto:a@example.com\nExpires: 2"))
            let posted = try await site.post("/.well-known/security.txt")
            #expect(posted.status == 405)
        }
    }
}
