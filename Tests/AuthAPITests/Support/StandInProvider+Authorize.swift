import Foundation
import Shared

@testable import AuthAPI

extension StandInProvider {
    /// Where the provider sends the browser back to.
    struct Callback: Sendable {
        let code: String
        let state: String
        /// The `iss` parameter, which Google's answers have.
        let issuer: String?
        /// The whole address.
        let address: String

        /// The address from the path on, as a browser would ask this site for it.
        var target: String { String(address.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }) }
    }

    /// What a person does who is sent to the provider and agrees: checks the request, and makes a code for it.
    ///
    /// `redirectURI` is the one registered address that the provider sends people back to; nil takes what is asked for.
    ///
    /// - Throws: ``StandInFault`` when the request is not what a provider would take, so that the test fails.
    func authorize(_ authorizationURL: String, redirectURI: String? = nil) throws -> Callback {
        let parts = authorizationURL.split(separator: "?", maxSplits: 1)
        guard parts.count == 2 else { throw StandInFault("no query: \(authorizationURL)") }
        let provider: OAuthProvider
        switch String(parts[0]) {
        case "\(address)/authorize": provider = .google
        case "\(address)/oauth2/authorize": provider = .discord
        default: throw StandInFault("not an authorization endpoint: \(parts[0])")
        }
        let query = StandInForm.fields(parts[1])
        let wanted = [
            "response_type": "code", "client_id": Self.clientID, "code_challenge_method": "S256",
            "scope": provider == .google ? "openid profile email" : "identify email",
        ]
        for (name, value) in wanted where query[name] != value {
            throw StandInFault("\(name) is \(query[name] ?? "missing"), not \(value)")
        }
        guard let state = query["state"], (22...1024).contains(state.utf8.count) else {
            throw StandInFault("the state is missing, or too short to be unguessable")
        }
        guard let challenge = query["code_challenge"], Base64URL.decode(challenge)?.count == 32 else {
            throw StandInFault("the challenge is no SHA-256 digest")
        }
        guard provider == .discord || (query["nonce"]?.utf8.count ?? 0) >= 22 else {
            throw StandInFault("the nonce is missing, or too short to be unguessable")
        }
        guard let asked = query["redirect_uri"], asked == redirectURI ?? asked,
            asked.hasSuffix(APIPath.oauthCallback(provider))
        else { throw StandInFault("the redirect address is not the registered one") }
        let code = self.state.issueCode(
            for: .init(
                provider: provider,
                person: person.value,
                redirectURI: asked,
                codeChallenge: challenge,
                nonce: query["nonce"],
                scope: query["scope"] ?? "",
                isFresh: query["prompt"] == "login" && query["max_age"] == "0"
            )
        )
        var answer = "\(asked)?code=\(code.percentEncoded)&state=\(state.percentEncoded)"
        if provider == .google { answer += "&iss=\(address.percentEncoded)" }
        return Callback(code: code, state: state, issuer: provider == .google ? address : nil, address: answer)
    }
}
