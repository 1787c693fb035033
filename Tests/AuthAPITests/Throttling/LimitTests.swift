import Testing

@testable import AuthAPI

/// A17: Parsing of rate limits.
@Suite struct LimitTests {
    @Test("A17 A limit is parsed from attempts and seconds")
    func reading() {
        #expect(Limit("10/600") == Limit(attempts: 10, seconds: 600))
        #expect(Limit("10/600")?.cost == 60_000_000)
    }

    @Test(
        "A17 Invalid limits are rejected",
        arguments: [
            "", "10", "10/", "/600", "0/600", "10/0", "-1/600", "10/600/1", "ten/600", "100001/1", "1/86401", "1 /2",
        ]
    )
    func rejected(text: String) {
        #expect(Limit(text) == nil)
    }
}
