import Shared
import Testing

@testable import AuthAPI

/// A6: The cache of verified tokens.
@Suite struct VerifiedTokensTests {
    @Test("A6: The number of cached tokens is bounded")
    func limit() {
        let known = VerifiedTokens()
        for number in 0...VerifiedTokens.limit {
            known[TokenHash(of: Secret("\(number)"))] = TokenValidity(begins: .min, ends: number)
        }
        #expect(known[TokenHash(of: Secret("0"))] == nil)
        #expect(known[TokenHash(of: Secret("\(VerifiedTokens.limit)"))]?.ends == VerifiedTokens.limit)
    }
}
