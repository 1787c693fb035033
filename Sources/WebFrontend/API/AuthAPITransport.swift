import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Shared

/// Carries requests to the authentication API over HTTP, bounded in time and size.
struct AuthAPITransport: Sendable {
    /// What the API said, not yet understood.
    struct Answer: Sendable {
        let status: Int
        let body: ByteBuffer
        let setCookies: [String]
        /// Seconds, when the API said after how many to come back.
        let retryAfter: Int?
    }

    /// The most bytes of an answer that are read.
    static let maximumAnswerSize = 256 * 1024
    /// The most bytes of a file that is handed on.
    static let maximumFileSize = 16 * 1024 * 1024

    private let client: HTTPClient
    private let origin: WebOrigin

    /// Makes a transport to the API at the given address.
    init(client: HTTPClient, origin: WebOrigin) {
        self.client = client
        self.origin = origin
    }

    /// Settings for the client: no redirects, since the API sends none and a wrong one must not carry a cookie away.
    static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(2)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Shorter than the API keeps idle connections, so that none is used while the API closes it.
        configuration.connectionPool.idleTimeout = .seconds(30)
        // An API that is away is away: the page says so at once and tries again by itself.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends one request and reads the whole answer.
    ///
    /// - Throws: ``APIError`` with `service_unavailable` when the API is away, too slow or says too much.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        json: ByteBuffer?,
        for caller: Caller,
        deadline: Duration,
        most: Int = maximumAnswerSize
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(origin)\(path)")
        request.method = method
        request.headers = headers(for: caller)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(json)
        }
        do {
            return try await answer(to: request, within: deadline, attempts: method == .GET ? 3 : 1, most: most)
        } catch {
            throw APIError(.serviceUnavailable, cause: error)
        }
    }

    private func headers(for caller: Caller) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Accept": "application/json", "X-Real-IP": caller.address, "X-Request-ID": caller.requestID,
        ]
        if let cookies = caller.cookies { headers.add(name: "Cookie", value: cookies) }
        if let userAgent = caller.userAgent { headers.add(name: "User-Agent", value: userAgent) }
        return headers
    }

    /// Runs the request against the clock, the reading of the body included.
    private func answer(
        to request: HTTPClientRequest,
        within deadline: Duration,
        attempts: Int,
        most: Int
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await self.attempt(request, attempts: attempts, most: most) }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    /// Sends a request, again when its connection turns out to be closed or reset, as by a replica that is being replaced.
    ///
    /// Only requests that change nothing may have more than one attempt.
    private func attempt(_ request: HTTPClientRequest, attempts: Int, most: Int) async throws -> Answer {
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            return Answer(
                status: Int(response.status.code),
                body: try await response.body.collect(upTo: most),
                setCookies: response.headers["Set-Cookie"],
                retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) }
            )
        } catch let error where attempts > 1 && Self.isLostConnection(error) {
            return try await attempt(request, attempts: attempts - 1, most: most)
        }
    }

    /// Whether an established connection ended before the whole response was read.
    private static func isLostConnection(_ error: any Error) -> Bool {
        if let error = error as? HTTPClientError { return error == .remoteConnectionClosed }
        return error is IOError || error is ChannelError
    }
}
