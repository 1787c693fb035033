import FoundationEssentials
import Shared

/// Turns codes into tokens at a provider's token endpoint (RFC 6749, section 4.1.3).
struct CodeExchange: Sendable {
    /// How a client authenticates (RFC 6749, section 2.3.1).
    enum Authentication: String, CaseIterable, Sendable {
        /// In the header.
        case basic
        /// In the body.
        case post

        /// The name in discovery documents (OpenID Connect Core, section 9).
        var registeredName: String { "client_secret_\(rawValue)" }
    }

    let settings: ProviderSettings
    let client: ProviderClient
    let now: @Sendable () -> Date

    /// Exchanges a code.
    ///
    /// - Throws: ``ProviderError``; `flow_expired` when the code is no longer valid.
    func tokens(
        for response: AuthorizationResponse,
        at endpoint: String,
        authentication: Authentication
    ) async throws(ProviderError) -> TokenResponse {
        var form = [
            (name: "grant_type", value: "authorization_code"), (name: "code", value: response.code.value),
            (name: "redirect_uri", value: response.redirectURI),
            // RFC 7636, section 4.5.
            (name: "code_verifier", value: response.verifier.value),
        ]
        let authorization = authenticate(&form, by: authentication)
        let reply = try await client.post(endpoint, form: form, authorization: authorization)
        guard reply.status == 200, !Self.isFault(reply) else { throw Self.failure(of: reply) }
        return try TokenResponse(reply.decoded(), receivedAt: now())
    }

    /// Revokes a token (RFC 7009, section 2.1).
    ///
    /// - Throws: ``ProviderError`` unless it is revoked; an unknown token counts as revoked (section 2.2).
    func revoke(
        _ token: Secret,
        at endpoint: String,
        authentication: Authentication
    ) async throws(ProviderError) {
        var form = [(name: "token", value: token.value)]
        let authorization = authenticate(&form, by: authentication)
        let reply = try await client.postForStatus(endpoint, form: form, authorization: authorization)
        if reply.status == 200 { return }
        // Google responds with this error to a token that has expired or was already revoked.
        guard reply.status == 400, (try? reply.decoded(Fault.self))?.error.isExactly("invalid_token") == true else {
            throw reply.failure
        }
    }

    /// An error of an endpoint (RFC 6749, section 5.2).
    private struct Fault: Decodable { let error: String }

    /// Authenticates the client, in the form or with the returned header.
    private func authenticate(
        _ form: inout [(name: String, value: String)],
        by authentication: Authentication
    ) -> String? {
        let (id, secret) = (settings.clientID, settings.clientSecret.value)
        switch authentication {
        case .basic:
            let pair = "\(id.percentEncoded):\(secret.percentEncoded)"
            return "Basic \(Data(pair.utf8).base64EncodedString())"
        case .post:
            form += [(name: "client_id", value: id), (name: "client_secret", value: secret)]
            return nil
        }
    }

    /// Whether a response with status 200 is an error, as with GitHub.
    private static func isFault(_ reply: ProviderResponse) -> Bool {
        struct Message: Decodable {
            let error: String
            let accessToken: String?

            private enum CodingKeys: String, CodingKey {
                case error
                case accessToken = "access_token"
            }
        }
        guard let message = try? reply.decoded(Message.self) else { return false }
        return message.accessToken == nil
    }

    /// The failure for an error of the endpoint (RFC 6749, section 5.2).
    private static func failure(of reply: ProviderResponse) -> ProviderError {
        // Auth0 rejects a code with 403 instead of 400.
        guard reply.status == 200 || (400...499).contains(reply.status), !reply.isRateLimited,
            let fault = try? reply.decoded(Fault.self)
        else { return reply.failure }
        let details = LogExcerpt(errorCode: fault.error).map { [(name: "provider_error", value: $0)] } ?? []
        func error(_ failure: OAuthFailure, _ reason: StaticString) -> ProviderError {
            ProviderError(failure, reason, details: details)
        }
        return switch TokenFault(exactly: fault.error) {
        case .invalidGrant, .badVerificationCode:
            error(.flowExpired, "the provider rejected the code: already used, expired, or issued to another client")
        case .invalidClient, .unauthorizedClient, .incorrectClientCredentials:
            error(.providerError, "the provider rejected the client ID and secret")
        case .redirectMismatch:
            error(.providerError, "this site's callback address is not registered at the provider: compare PUBLIC_URL")
        case .unverifiedUserEmail:
            error(.emailUnverified, "the provider issues tokens only to users whose email it has verified")
        case .temporarilyUnavailable, .serverError:
            error(.providerUnavailable, "the provider cannot issue tokens now")
        case nil: error(.providerError, "the provider rejected the code exchange")
        }
    }
}

/// The errors of a token endpoint that are handled differently (RFC 6749, section 5.2; GitHub, "Troubleshooting OAuth app
/// access token request errors").
private enum TokenFault: String, CaseIterable {
    case invalidGrant = "invalid_grant"
    case invalidClient = "invalid_client"
    case unauthorizedClient = "unauthorized_client"
    case badVerificationCode = "bad_verification_code"
    case incorrectClientCredentials = "incorrect_client_credentials"
    case unverifiedUserEmail = "unverified_user_email"
    case redirectMismatch = "redirect_uri_mismatch"
    case temporarilyUnavailable = "temporarily_unavailable"
    case serverError = "server_error"
}

/// The response of a token endpoint (RFC 6749, section 5.1; OpenID Connect Core, section 3.1.3.3).
struct TokenResponse: Sendable {
    /// The unvalidated JSON.
    ///
    /// Only the access token is required; other fields of an unexpected type count as missing.
    struct Message: Decodable {
        let accessToken: String
        @Lenient var tokenType: String?
        @Lenient var expiresIn: Seconds?
        @Lenient var refreshToken: String?
        @Lenient var idToken: String?

        private enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case tokenType = "token_type"
            case expiresIn = "expires_in"
            case refreshToken = "refresh_token"
            case idToken = "id_token"
        }

        /// A lifetime; some providers send the number as a string.
        struct Seconds: Decodable {
            let value: Double?

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Double.self) {
                    value = number
                    return
                }
                let text = try container.decode(String.self)
                let isNumber =
                    (1...10).contains(text.utf8.count)
                    && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                value = isNumber ? Double(text) : nil
            }
        }
    }

    /// The maximum size of a token in bytes; Google's have about 200, those that list roles or groups some thousands.
    static let maximumTokenLength = ProviderTokenVault.maximumLength

    let tokens: ProviderTokens
    let idToken: Secret?

    /// Validates a response.
    ///
    /// - Throws: ``ProviderError`` when a token is missing or malformed, or of a type that this client cannot use.
    init(_ message: Message, receivedAt: Date) throws(ProviderError) {
        // RFC 6749, section 7.1: a client must not use a token of a type it does not understand. A missing type means the
        // only one that this client requests.
        guard Self.isBearer(message.tokenType) else {
            throw ProviderError(.providerError, "the provider's token is not a bearer token")
        }
        guard Self.isToken(message.accessToken) else {
            throw ProviderError(.providerError, "the provider's access token is empty, too long or not visible ASCII")
        }
        // A missing lifetime, or one of more than ten years, counts as unknown.
        let lifetime = message.expiresIn?.value.flatMap { (1...315_360_000).contains($0) ? $0 : nil }
        tokens = ProviderTokens(
            accessToken: Secret(message.accessToken),
            refreshToken: message.refreshToken.flatMap { Self.isToken($0) ? Secret($0) : nil },
            expiresAt: lifetime.map { receivedAt.addingTimeInterval($0.rounded(.down)) }
        )
        idToken = message.idToken.map(Secret.init)
    }

    private static func isBearer(_ type: String?) -> Bool {
        guard let type, !type.isEmpty else { return true }
        return type.isCaseless("bearer")
    }

    /// RFC 6749, appendix A.12.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maximumTokenLength && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
