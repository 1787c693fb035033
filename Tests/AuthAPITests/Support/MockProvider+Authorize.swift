import Foundation
import Shared

@testable import AuthAPI

extension MockProvider {
    /// The provider's redirect to the callback.
    struct Callback: Sendable {
        let code: String
        let state: String
        /// The `iss` parameter of OpenID providers.
        let issuer: String?
        /// The complete URL.
        let address: String

        /// Path and query of the URL, as a browser requests them.
        var target: String { String(address.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }) }
    }

    /// The authorization request of this site.
    private static let scopes: [OAuthProvider: String] = [
        .google: "openid profile email", .discord: "identify email", .github: "read:user user:email",
    ]

    /// Acts as a user who agrees at the provider: checks the request, and creates a code for it.
    ///
    /// `redirectURI` is the one registered callback; nil accepts that of the request.
    ///
    /// - Throws: ``MockFault`` when a provider would reject the request, so that the test fails.
    func authorize(_ authorizationURL: String, redirectURI: String? = nil) throws -> Callback {
        let parts = authorizationURL.split(separator: "?", maxSplits: 1)
        guard parts.count == 2 else { throw MockFault("no query: \(authorizationURL)") }
        var endpoints = [
            "\(address)/authorize": OAuthProvider.google, "\(address)/oauth2/authorize": .discord,
            "\(address)/login/oauth/authorize": .github,
        ]
        for provider in OAuthProvider.openID + [.line] {
            endpoints["\(self.issuer(of: provider))/authorize"] = provider
        }
        guard let provider = endpoints[String(parts[0])] else {
            throw MockFault("not an authorization endpoint: \(parts[0])")
        }
        let query = MockForm.fields(parts[1])
        let wanted = [
            "response_type": "code", "client_id": Self.clientID, "code_challenge_method": "S256",
            "scope": Self.scopes[provider] ?? "openid profile email",
        ]
        for (name, value) in wanted where query[name] != value {
            throw MockFault("\(name) is \(query[name] ?? "missing"), not \(value)")
        }
        guard let state = query["state"], (22...1024).contains(state.utf8.count) else {
            throw MockFault("the state is missing, or too short to be unguessable")
        }
        guard let challenge = query["code_challenge"], Base64URL.decode(challenge)?.count == 32 else {
            throw MockFault("the challenge is no SHA-256 digest")
        }
        guard Self.scopes[provider] != nil && provider != .google || (query["nonce"]?.utf8.count ?? 0) >= 22 else {
            throw MockFault("the nonce is missing, or too short to be unguessable")
        }
        guard let requestedURI = query["redirect_uri"], requestedURI == redirectURI ?? requestedURI,
            requestedURI.hasSuffix(APIPath.oauthCallback(provider))
        else { throw MockFault("the redirect address is not the registered one") }
        // Google documents no other values, and sends `auth_time` only to verified apps that enable it.
        let prompts = [nil, "none", "consent", "select_account"]
        guard provider != .google || prompts.contains(query["prompt"]) else {
            throw MockFault("Google has no prompt \(query["prompt"] ?? "")")
        }
        let code = self.state.issueCode(
            for: .init(
                provider: provider,
                user: user.value,
                redirectURI: requestedURI,
                codeChallenge: challenge,
                nonce: query["nonce"],
                scope: query["scope"] ?? "",
                isFresh: provider != .google && query["prompt"] == "login" && query["max_age"] == "0"
            )
        )
        var response = "\(requestedURI)?code=\(code.percentEncoded)&state=\(state.percentEncoded)"
        let issuer = [.discord, .github, .line].contains(provider) ? nil : self.issuer(of: provider)
        if let issuer { response += "&iss=\(issuer.percentEncoded)" }
        return Callback(code: code, state: state, issuer: issuer, address: response)
    }
}
