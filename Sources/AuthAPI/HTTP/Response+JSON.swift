import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// One encoder for all answers: making one for each request costs more than encoding.
    private static let encoder = {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    /// An answer with a JSON body.
    static func json(_ body: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let bytes = ByteBuffer(bytes: try encoder.encode(body))
        return Response(
            status: status,
            headers: [.contentType: "application/json", .contentLength: String(bytes.readableBytes)],
            body: .init(byteBuffer: bytes)
        )
    }
}
