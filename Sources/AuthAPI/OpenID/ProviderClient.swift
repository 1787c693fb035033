import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import Shared

/// Sends requests to providers, with strict limits: bounded time and size, no redirects, JSON only.
///
/// OWASP "Server Side Request Forgery Prevention": a redirect would let a response choose where this server sends a request.
struct ProviderClient: Sendable {
    /// The maximum size of a response in bytes.
    static let maximumResponseSize = 256 * 1024

    /// The timeout of a request, from connecting to the last byte of the response.
    static let deadline = Duration.seconds(5)

    /// The headers of every request.
    ///
    /// Without `Accept-Encoding`, any content coding would be acceptable (RFC 9110, section 12.5.3), and none is decoded.
    /// Connections are not used again: a code is valid once, and must not be sent on one that the provider is closing.
    private static let headers: HTTPHeaders = [
        "Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "yoshikosan",
    ]

    private let client: HTTPClient
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Creates a client; `sleep` controls time in tests.
    init(
        client: HTTPClient,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        self.sleep = sleep
    }

    /// Settings for the HTTP client below.
    ///
    /// - Parameter authorities: the trusted certificate authorities; nil for those of the system.
    /// - Returns: the settings.
    static func clientConfiguration(trusting authorities: [NIOSSLCertificate]? = nil) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        if let authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(authorities)
            configuration.tlsConfiguration = tls
        }
        configuration.timeout.connect = .seconds(3)
        // With fewer connections, requests to a slow provider would wait for each other until they time out.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // No retries: the user sees at once that the provider is unavailable.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Requests a document.
    ///
    /// - Throws: ``ProviderError`` unless the response is a JSON document with status 200.
    func get(_ address: String, bearer: Secret? = nil) async throws(ProviderError) -> ProviderResponse {
        let response = try await fetch(address, bearer: bearer)
        guard response.status == 200 else { throw response.failure }
        guard response.isJSON else { throw .notJSON }
        return response
    }

    /// Requests a document that a sign-in does not need.
    ///
    /// - Returns: the JSON document; nil if the provider rejects the request (4xx), or the response is not JSON.
    /// - Throws: ``ProviderError`` for every other status than 200, and for a rate limit, after which a retry can
    ///   succeed.
    func getIfAllowed(_ address: String, bearer: Secret) async throws(ProviderError) -> ProviderResponse? {
        let response = try await fetch(address, bearer: bearer)
        if (400...499).contains(response.status), !response.isRateLimited { return nil }
        guard response.status == 200 else { throw response.failure }
        return response.isJSON ? response : nil
    }

    /// Requests a document and accepts any response.
    ///
    /// - Throws: ``ProviderError`` when there is no response.
    private func fetch(_ address: String, bearer: Secret?) async throws(ProviderError) -> ProviderResponse {
        var request = HTTPClientRequest(url: address)
        request.headers = Self.headers
        // RFC 6750, section 2.1.
        if let bearer { request.headers.add(name: "Authorization", value: "Bearer \(bearer.value)") }
        return try await send(request)
    }

    /// Posts a form and requires a JSON response; the caller checks the status.
    ///
    /// - Throws: ``ProviderError`` when the response is not JSON.
    func post(
        _ address: String,
        form: [(name: String, value: String)],
        authorization: String?
    ) async throws(ProviderError) -> ProviderResponse {
        let response = try await postForStatus(address, form: form, authorization: authorization)
        guard response.isJSON else { throw response.status == 200 ? .notJSON : response.failure }
        return response
    }

    /// Posts a form and accepts any response; the caller checks the status.
    ///
    /// - Throws: ``ProviderError`` when there is no response.
    func postForStatus(
        _ address: String,
        form: [(name: String, value: String)],
        authorization: String?
    ) async throws(ProviderError) -> ProviderResponse {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers = Self.headers
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        let body = form.map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
        request.body = .bytes(ByteBuffer(string: body))
        return try await send(request)
    }

    /// Deletes with a JSON body; the caller checks the status.
    ///
    /// - Throws: ``ProviderError`` when no response came.
    func delete(
        _ address: String,
        json: some Encodable,
        authorization: String
    ) async throws(ProviderError) -> ProviderResponse {
        var request = HTTPClientRequest(url: address)
        request.method = .DELETE
        request.headers = Self.headers
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Authorization", value: authorization)
        guard let body = try? JSONEncoder().encode(json) else {
            throw ProviderError(.internalError, "the request cannot be encoded")
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await send(request)
    }

    /// Runs the request with a deadline that includes reading the body.
    private func send(_ request: HTTPClientRequest) async throws(ProviderError) -> ProviderResponse {
        do {
            let late = ProviderError(.providerUnavailable, "the provider did not respond in time")
            return try await withTimeLimit(Self.deadline, throwing: late, sleep: sleep) { [client] in
                let response = try await client.execute(request, deadline: .distantFuture)
                let body = try await response.body.collect(upTo: Self.maximumResponseSize)
                return ProviderResponse(
                    status: Int(response.status.code),
                    isRateLimited: Self.isRateLimited(response),
                    contentTypes: response.headers["Content-Type"],
                    date: response.headers.first(name: "Date"),
                    body: Array(body.readableBytesView)
                )
            }
        } catch let error as ProviderError {
            throw error
        } catch is NIOTooManyBytesError {
            throw ProviderError(.providerError, "the provider's response is too long")
        } catch let error where error is NIOSSLError || error is NIOSSLExtraError {
            throw ProviderError(.providerUnavailable, "the provider's certificate is not trusted, or TLS failed")
        } catch {
            throw ProviderError(.providerUnavailable, "the provider cannot be reached, or closed the connection")
        }
    }

    /// Whether the provider limits requests: 429, and with GitHub also 403 (GitHub, "Rate limits for the REST API").
    private static func isRateLimited(_ response: HTTPClientResponse) -> Bool {
        switch response.status.code {
        case 429: true
        case 403:
            response.headers.contains(name: "Retry-After")
                || response.headers.first(name: "X-RateLimit-Remaining")?.isExactly("0") == true
        default: false
        }
    }
}
