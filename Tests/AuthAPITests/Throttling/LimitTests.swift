import Testing

@testable import AuthAPI

/// A17: what a limit is.
@Suite struct LimitTests {
    @Test("A17 A limit is read from attempts and seconds")
    func reading() {
        #expect(Limit("10/600") == Limit(attempts: 10, seconds: 600))
        #expect(Limit("10/600")?.cost == 60_000_000)
    }

    @Test(
        "A17 Anything else is no limit",
        arguments: [
            "", "10", "10/", "/600", "0/600", "10/0", "-1/600", "10/600/1", "ten/600", "100001/1", "1/86401", "1 /2",
        ]
    )
    func refused(text: String) {
        #expect(Limit(text) == nil)
    }
}
