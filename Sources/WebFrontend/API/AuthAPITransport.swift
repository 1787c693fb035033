import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Shared

/// Sends requests to the authentication API over HTTP, limited in time and size.
struct AuthAPITransport: Sendable {
    /// A response of the API, before decoding.
    struct Response: Sendable {
        let status: Int
        let body: ByteBuffer
        let setCookies: [String]
        /// The value of `Retry-After` in seconds, if present.
        let retryAfter: Int?
    }

    /// The maximum size of a response in bytes.
    static let maximumResponseSize = 256 * 1024
    /// The maximum size of a downloaded file in bytes.
    static let maximumFileSize = 16 * 1024 * 1024
    /// The range of a delay before a retry in seconds: from one to a day.
    private static let retryRange = 1...86_400

    private let client: HTTPClient
    private let origin: WebOrigin

    /// Creates a transport to the API at the given URL.
    init(client: HTTPClient, origin: WebOrigin) {
        self.client = client
        self.origin = origin
    }

    /// The settings of the client.
    ///
    /// No redirects: the API sends none, and a wrong one could leak a cookie.
    static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(2)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Shorter than the API's idle timeout, so that no connection is used while the API closes it.
        configuration.connectionPool.idleTimeout = .seconds(30)
        // If the API is unavailable, the page shows it at once and reloads.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends one request and reads the whole response.
    ///
    /// - Throws: ``APIError`` with `service_unavailable` when the API is unavailable or too slow, or the response too
    ///   large.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        json: ByteBuffer?,
        for caller: Caller,
        deadline: Duration,
        most: Int = maximumResponseSize
    ) async throws -> Response {
        var request = HTTPClientRequest(url: "\(origin)\(path)")
        request.method = method
        request.headers = headers(for: caller)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(json)
        }
        do {
            // The deadline includes reading the body.
            return try await withTimeLimit(deadline, throwing: HTTPClientError.deadlineExceeded) { [request] in
                try await attempt(request, attempts: method == .GET ? 3 : 1, most: most)
            }
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

    /// Sends a request, and repeats it when the connection was closed or reset, such as by a replica that is being
    /// replaced.
    ///
    /// Only requests without side effects may have more than one attempt.
    private func attempt(_ request: HTTPClientRequest, attempts: Int, most: Int) async throws -> Response {
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            return Response(
                status: Int(response.status.code),
                body: try await response.body.collect(upTo: most),
                setCookies: response.headers["Set-Cookie"],
                retryAfter: response.headers.first(name: "Retry-After").flatMap { Int($0) }.map {
                    min(max($0, Self.retryRange.lowerBound), Self.retryRange.upperBound)
                }
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
