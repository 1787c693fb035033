import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

extension Response {
    /// One encoder for all responses: creating one for each request costs more than encoding.
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// A response with a JSON body.
    static func json(_ body: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        json(ByteBuffer(bytes: try encoder.encode(body)), status: status)
    }

    /// A response with a user.
    static func json(_ user: UserBody, status: HTTPResponse.Status = .ok) -> Response {
        json(ByteBuffer(bytes: user.json.bytes), status: status)
    }

    private static func json(_ bytes: ByteBuffer, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .contentLength: String(bytes.readableBytes)],
            body: .init(byteBuffer: bytes)
        )
    }
}
