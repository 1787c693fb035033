import Foundation
import HTTPTypes
import Shared

extension MockProvider {
    /// The response of GitHub's token endpoint: errors have status 200, too, and JSON is sent only on request.
    func githubTokenResponse(headers: HTTPFields, body: String) -> MockResponse {
        guard headers[.accept] == "application/json" else {
            var response = MockResponse([:])
            response.headers[.contentType] = "application/x-www-form-urlencoded"
            response.body = "error=not_acceptable"
            return response
        }
        switch state.redeem(body: body, authorization: headers[.authorization], at: .github) {
        case .failure(let rejection):
            let codes = ["invalid_grant": "bad_verification_code", "invalid_client": "incorrect_client_credentials"]
            return MockResponse([
                "error": codes[rejection.code] ?? rejection.code, "error_description": "Zebra", "error_uri": "/zebra",
            ])
        case .success(let grant):
            return MockResponse([
                "access_token": state.issueAccessToken(for: grant.user), "scope": "read:user,user:email",
                "token_type": "bearer",
            ])
        }
    }

    /// The responses of GitHub's API.
    func githubResponse(_ endpoint: Endpoint, headers: HTTPFields) -> MockResponse {
        guard let user = state.user(authorization: headers[.authorization]), headers[.userAgent] != nil else {
            return MockResponse(["message": "Requires authentication"], status: 401)
        }
        return endpoint == .githubUser ? MockResponse(user.githubUser) : MockResponse(list: user.githubList)
    }
}

extension MockState {
    /// Deletes the grant of a token, for the registered client (RFC 7617; unlike RFC 6749, without percent-encoding).
    func revokeGrant(body: String, authorization: String?) -> MockResponse {
        let pair = "\(MockProvider.clientID):\(MockProvider.clientSecret)"
        guard authorization == "Basic \(Data(pair.utf8).base64EncodedString())" else {
            return MockResponse(["message": "Requires authentication"], status: 401)
        }
        let object = try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))
        guard let token = object?["access_token"], user(authorization: "Bearer \(token)") != nil else {
            return MockResponse(["message": "Not Found"], status: 404)
        }
        noteRevocation(of: token)
        var response = MockResponse([:], status: 204)
        response.headers = [:]
        response.body = ""
        return response
    }
}
