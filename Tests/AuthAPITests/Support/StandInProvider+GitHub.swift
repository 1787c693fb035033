import Foundation
import HTTPTypes
import Shared

extension StandInProvider {
    /// The response of GitHub's token endpoint: errors have status 200, too, and JSON is sent only on request.
    func githubTokenAnswer(headers: HTTPFields, body: String) -> StandInAnswer {
        guard headers[.accept] == "application/json" else {
            var answer = StandInAnswer([:])
            answer.headers[.contentType] = "application/x-www-form-urlencoded"
            answer.body = "error=not_acceptable"
            return answer
        }
        switch state.redeem(body: body, authorization: headers[.authorization], at: .github) {
        case .failure(let refusal):
            let codes = ["invalid_grant": "bad_verification_code", "invalid_client": "incorrect_client_credentials"]
            return StandInAnswer([
                "error": codes[refusal.code] ?? refusal.code, "error_description": "Zebra", "error_uri": "/zebra",
            ])
        case .success(let grant):
            return StandInAnswer([
                "access_token": state.issueAccessToken(for: grant.person), "scope": "read:user,user:email",
                "token_type": "bearer",
            ])
        }
    }

    /// The responses of GitHub's API.
    func githubAnswer(_ endpoint: Endpoint, headers: HTTPFields) -> StandInAnswer {
        guard let person = state.person(authorization: headers[.authorization]), headers[.userAgent] != nil else {
            return StandInAnswer(["message": "Requires authentication"], status: 401)
        }
        return endpoint == .githubUser ? StandInAnswer(person.githubUser) : StandInAnswer(list: person.githubList)
    }
}

extension StandInState {
    /// Deletes the grant of a token, for the right client (RFC 7617; unlike RFC 6749 nothing is percent-encoded).
    func revokeGrant(body: String, authorization: String?) -> StandInAnswer {
        let pair = "\(StandInProvider.clientID):\(StandInProvider.clientSecret)"
        guard authorization == "Basic \(Data(pair.utf8).base64EncodedString())" else {
            return StandInAnswer(["message": "Requires authentication"], status: 401)
        }
        let object = try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))
        guard let token = object?["access_token"], person(authorization: "Bearer \(token)") != nil else {
            return StandInAnswer(["message": "Not Found"], status: 404)
        }
        noteRevocation(of: token)
        var answer = StandInAnswer([:], status: 204)
        answer.headers = [:]
        answer.body = ""
        return answer
    }
}
