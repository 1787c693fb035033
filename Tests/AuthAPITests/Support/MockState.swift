import Crypto
import Foundation
import Shared

@testable import AuthAPI

/// The codes and tokens that the mock provider has issued.
final class MockState: Sendable {
    /// The grant of a user.
    struct Grant: Sendable {
        let provider: OAuthProvider
        let user: MockUser
        let redirectURI: String
        let codeChallenge: String
        let nonce: String?
        let scope: String
        /// Whether the user had to sign in again, and the ID token contains the time.
        var isFresh = false
    }

    /// Why a code is rejected (RFC 6749, section 5.2).
    struct Rejection: Error {
        let code: String
        let status: Int
    }

    private let grants = Locked<[String: Grant]>([:])
    private let users = Locked<[String: MockUser]>([:])
    private let revocations = Locked<[String]>([])

    /// Creates a code for a grant.
    func issueCode(for grant: Grant) -> String {
        let code = "code-\(UUID().uuidString)"
        grants.update { $0[code] = grant }
        return code
    }

    /// Creates an access token.
    func issueAccessToken(for user: MockUser) -> String {
        let token = "access-\(UUID().uuidString)"
        users.update { $0[token] = user }
        return token
    }

    /// The user of an `Authorization` header.
    func user(authorization: String?) -> MockUser? {
        guard let authorization, authorization.hasPrefix("Bearer ") else { return nil }
        return users.value[String(authorization.dropFirst(7))]
    }

    /// The tokens that were revoked.
    var revoked: [String] { revocations.value }

    /// Records that a token was revoked.
    func noteRevocation(of token: String) { revocations.update { $0.append(token) } }

    /// Revokes a token, for the registered client.
    func revoke(body: String, authorization: String?) -> Result<Void, Rejection> {
        let form = MockForm.fields(body)
        if let rejection = Self.rejection(of: form, authorization: authorization) { return .failure(rejection) }
        guard let token = form["token"], token.hasPrefix("access-") || token.hasPrefix("refresh-") else {
            return .failure(Rejection(code: "invalid_request", status: 400))
        }
        revocations.update { $0.append(token) }
        return .success(())
    }

    /// Why a client is rejected; nil for the registered one.
    private static func rejection(of form: [String: String], authorization: String?) -> Rejection? {
        var client = (id: form["client_id"] ?? "", secret: form["client_secret"] ?? "")
        if let authorization, authorization.hasPrefix("Basic "),
            let pair = Data(base64Encoded: String(authorization.dropFirst(6)))
        {
            let halves = String(decoding: pair, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2, form["client_secret"] == nil else {
                return Rejection(code: "invalid_request", status: 400)
            }
            client = (MockForm.decoded(halves[0]), MockForm.decoded(halves[1]))
        }
        let secrets = [MockProvider.clientSecret, MockProvider.channelSecret]
        let isKnown = client.id == MockProvider.clientID && secrets.contains(client.secret)
        return isKnown ? nil : Rejection(code: "invalid_client", status: 401)
    }

    /// Redeems a code once, if client, redirect URI and verifier are correct.
    func redeem(body: String, authorization: String?, at provider: OAuthProvider) -> Result<Grant, Rejection> {
        let form = MockForm.fields(body)
        if let rejection = Self.rejection(of: form, authorization: authorization) { return .failure(rejection) }
        guard form["grant_type"] == "authorization_code", let code = form["code"] else {
            return .failure(Rejection(code: "unsupported_grant_type", status: 400))
        }
        let grant = Locked<Grant?>(nil)
        grants.update { grants in
            let found = grants.removeValue(forKey: code)
            grant.update { $0 = found }
        }
        let verifier = form["code_verifier"] ?? ""
        guard let grant = grant.value, grant.provider == provider, form["redirect_uri"] == grant.redirectURI,
            (43...128).contains(verifier.utf8.count),
            Base64URL.encode(SHA256.hash(data: Data(verifier.utf8))) == grant.codeChallenge
        else { return .failure(Rejection(code: "invalid_grant", status: 400)) }
        return .success(grant)
    }
}

/// Parses forms and queries.
enum MockForm {
    /// Names and values; a duplicate name is left out.
    static func fields(_ text: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        var seen: Set<String> = []
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = decoded(halves[0])
            fields[name] = seen.insert(name).inserted && halves.count == 2 ? decoded(halves[1]) : nil
        }
        return fields
    }

    /// A value without its escapes.
    static func decoded(_ text: some StringProtocol) -> String {
        String(text).replacing("+", with: " ").removingPercentEncoding ?? ""
    }
}
