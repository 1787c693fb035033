import FoundationEssentials
import NIOCore
import NIOHTTP1
import Shared

/// The client of the authentication API: one method per path.
///
/// Every method throws ``APIError``: with the API's code if it sent a problem document, otherwise with
/// `service_unavailable`. Errors that the API should never send to this program become `internal_error`.
struct AuthAPIClient: Sendable {
    private let transport: AuthAPITransport
    private let deadlines: Deadlines

    /// Creates a client.
    init(transport: AuthAPITransport, deadlines: Deadlines) {
        self.transport = transport
        self.deadlines = deadlines
    }

    /// Creates an account and signs in.
    ///
    /// - Returns: the cookies of the session.
    func register(_ body: RegisterRequest, for caller: Caller) async throws -> [String] {
        try await openSession(APIPath.register, body, for: caller, deadline: deadlines.hashing)
    }

    /// Signs in.
    ///
    /// - Returns: the cookies of the session.
    func login(_ body: LoginRequest, for caller: Caller) async throws -> [String] {
        try await openSession(APIPath.login, body, for: caller, deadline: deadlines.hashing)
    }

    /// Changes the visitor's password, which ends all other sessions.
    ///
    /// - Returns: the cookies of the session that replaces the visitor's.
    func changePassword(_ body: ChangePasswordRequest, for caller: Caller) async throws -> [String] {
        try await openSession(APIPath.password, body, for: caller, deadline: deadlines.bulk)
    }

    /// Changes the visitor's name.
    func changeName(_ body: ChangeNameRequest, for caller: Caller) async throws -> UserBody {
        try decode(await send(.POST, APIPath.name, body, for: caller, deadline: deadlines.response))
    }

    /// Everything that is stored about the visitor, as a JSON file.
    func ownData(for caller: Caller) async throws -> ByteBuffer {
        let response = try await transport.send(
            .GET,
            APIPath.data,
            json: nil,
            for: caller,
            deadline: deadlines.bulk,
            most: AuthAPITransport.maximumFileSize
        )
        return try checked(response).body
    }

    /// How the visitor can confirm a change.
    func confirmation(for caller: Caller) async throws -> ConfirmationBody {
        try decode(await send(.GET, APIPath.confirmation, for: caller))
    }

    /// Deletes the visitor's account.
    ///
    /// - Returns: the cookies that clear the visitor's.
    func deleteAccount(_ body: DeleteAccountRequest, for caller: Caller) async throws -> [String] {
        try await send(.POST, APIPath.deletion, body, for: caller, deadline: deadlines.bulk).setCookies
    }

    /// Sets a new password with a one-time link.
    func recover(_ body: RecoverRequest, for caller: Caller) async throws {
        _ = try await send(.POST, APIPath.recover, body, for: caller, deadline: deadlines.bulk)
    }

    /// The enabled providers.
    func providers(for caller: Caller) async throws -> ProviderListBody {
        try decode(await send(.GET, APIPath.providers, for: caller))
    }

    /// The provider account that is pending until the password is entered.
    func pendingLink(for caller: Caller) async throws -> PendingLinkBody {
        try decode(await send(.GET, APIPath.pendingLink, for: caller))
    }

    /// The provider account that is pending until an email address is entered.
    func pendingAddress(for caller: Caller) async throws -> PendingAddressBody {
        try decode(await send(.GET, APIPath.address, for: caller))
    }

    /// Creates an account with an email address for the pending provider account, and signs in.
    ///
    /// - Returns: the cookies of the session.
    func registerAddress(_ body: AddressRequest, for caller: Caller) async throws -> [String] {
        try await openSession(APIPath.address, body, for: caller, deadline: deadlines.response)
    }

    /// Ends the visitor's session.
    ///
    /// - Returns: the cookies that clear the visitor's.
    func logout(for caller: Caller) async throws -> [String] {
        try await send(.POST, APIPath.logout, for: caller).setCookies
    }

    /// The signed-in user.
    func me(for caller: Caller) async throws -> UserBody {
        try decode(await send(.GET, APIPath.me, for: caller))
    }

    /// The visitor's live sessions.
    func sessions(for caller: Caller) async throws -> SessionListBody {
        try decode(await send(.GET, APIPath.sessions, for: caller))
    }

    /// Ends one of the visitor's sessions.
    ///
    /// - Returns: cookies for the visitor, if the session was their own.
    func endSession(_ id: UUID, for caller: Caller) async throws -> [String] {
        try await send(.DELETE, APIPath.session(id.uuidString.lowercased()), for: caller).setCookies
    }

    /// Ends all of the visitor's sessions except the current one.
    func endOtherSessions(for caller: Caller) async throws -> EndedSessionsBody {
        try decode(await send(.DELETE, APIPath.sessions, for: caller, deadline: deadlines.bulk))
    }

    /// The visitor's sign-in methods.
    func identities(for caller: Caller) async throws -> IdentityListBody {
        try decode(await send(.GET, APIPath.identities, for: caller))
    }

    /// Unlinks one of the visitor's provider accounts.
    func unlink(_ id: UUID, for caller: Caller) async throws {
        _ = try await send(.DELETE, APIPath.identity(id.uuidString.lowercased()), for: caller)
    }

    /// Whether the API can serve requests.
    func isReady(for caller: Caller) async -> Bool {
        (try? await send(.GET, APIPath.readiness, for: caller)) != nil
    }

    /// Sends a request that signs in, and returns the cookies for the visitor, unchanged.
    private func openSession(
        _ path: String,
        _ body: some Encodable,
        for caller: Caller,
        deadline: Duration
    ) async throws -> [String] {
        let response = try await send(.POST, path, body, for: caller, deadline: deadline)
        let _: UserBody = try decode(response)
        return response.setCookies
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        for caller: Caller,
        deadline: Duration? = nil
    ) async throws -> AuthAPITransport.Response {
        try checked(
            await transport.send(method, path, json: nil, for: caller, deadline: deadline ?? deadlines.response)
        )
    }

    private func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: some Encodable,
        for caller: Caller,
        deadline: Duration
    ) async throws -> AuthAPITransport.Response {
        let json = ByteBuffer(bytes: try JSONEncoder().encode(body))
        return try checked(await transport.send(method, path, json: json, for: caller, deadline: deadline))
    }

    /// Returns for a success, and throws the error of any other response.
    private func checked(_ response: AuthAPITransport.Response) throws(APIError) -> AuthAPITransport.Response {
        if (200..<300).contains(response.status) { return response }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body.readableBytesView)),
            problem.code.status == response.status
        else {
            throw APIError(.serviceUnavailable, cause: UnexpectedResponse(status: response.status))
        }
        switch problem.code {
        // These indicate a wrong request of this program, which the visitor cannot fix.
        case .crossSiteRequest, .notFound, .methodNotAllowed, .unsupportedMediaType:
            throw APIError(.internalError, cause: UnexpectedResponse(status: response.status))
        default:
            throw APIError(problem.code, fields: problem.errors, retryAfter: response.retryAfter)
        }
    }

    private func decode<Body: Decodable>(_ response: AuthAPITransport.Response) throws(APIError) -> Body {
        do {
            return try Self.decoder.decode(Body.self, from: Data(response.body.readableBytesView))
        } catch {
            throw APIError(.serviceUnavailable, cause: UnexpectedResponse(status: response.status))
        }
    }

    /// Parses times with and without fractions of seconds.
    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.utf8.contains(UInt8(ascii: ".")))
            return try style.parse(text)
        }
        return decoder
    }
}

/// The API sent a response that violates its contract.
struct UnexpectedResponse: Error {
    /// The status of the response.
    let status: Int
}
