import Shared
import Testing

@testable import AuthAPI

/// A6: what is remembered of tokens.
@Suite struct VerifiedTokensTests {
    @Test("A6: no more tokens than a number are remembered")
    func limit() {
        let known = VerifiedTokens()
        for number in 0...VerifiedTokens.limit {
            known[TokenHash(of: Secret("\(number)"))] = TokenValidity(begins: .min, ends: number)
        }
        #expect(known[TokenHash(of: Secret("0"))] == nil)
        #expect(known[TokenHash(of: Secret("\(VerifiedTokens.limit)"))]?.ends == VerifiedTokens.limit)
    }
}
