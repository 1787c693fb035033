import Shared

extension AuthorizationRequest {
    /// The URL of the authorization request (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
    ///
    /// The endpoint may have a query (RFC 6749, section 3.1); `extra` has the provider's own parameters.
    func address(
        at endpoint: String,
        clientID: String,
        scope: String,
        extra: [(name: String, value: String)] = []
    ) -> String {
        let parameters =
            [
                (name: "response_type", value: "code"), (name: "client_id", value: clientID),
                (name: "redirect_uri", value: redirectURI), (name: "scope", value: scope),
                (name: "state", value: state), (name: "code_challenge", value: codeChallenge),
                (name: "code_challenge_method", value: "S256"),
            ] + extra
        let query = parameters.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
        return endpoint + (endpoint.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query
    }
}
