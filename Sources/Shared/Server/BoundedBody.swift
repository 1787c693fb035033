public import Hummingbird
public import NIOCore

extension Request {
    /// The maximum size of a request body in bytes.
    public static let maximumBodySize = 64 * 1024

    /// Reads the whole body, limited in size and time.
    ///
    /// - Parameter deadline: how long the body may take to arrive.
    /// - Returns: the bytes of the body.
    /// - Throws: ``APIError`` with `payload_too_large` or `request_timeout`, or with `malformed_request` when the body
    ///   is broken or the client has disconnected, which is not a server error.
    public func boundedBody(within deadline: Duration = .seconds(10)) async throws -> ByteBuffer {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > Self.maximumBodySize {
            throw Self.tooLarge
        }
        let body = body
        let late = APIError(.requestTimeout, detail: "The request body did not arrive in time.")
        do {
            return try await withTimeLimit(deadline, throwing: late) {
                do {
                    return try await body.collect(upTo: Self.maximumBodySize)
                } catch is NIOTooManyBytesError {
                    throw Self.tooLarge
                } catch let error where !(error is CancellationError) {
                    throw APIError(.malformedRequest, detail: "The request body is malformed or incomplete.")
                }
            }
        } catch is CancellationError {
            // The server is stopping and has waited for the body as long as it may.
            throw late
        }
    }

    private static var tooLarge: APIError {
        APIError(.payloadTooLarge, detail: "The request body can have at most \(maximumBodySize) bytes.")
    }
}
