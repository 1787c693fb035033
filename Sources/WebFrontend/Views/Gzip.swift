import CZlib
import Shared

/// Compresses static content once with the highest level, instead of for each request.
enum Gzip {
    /// zlib failed.
    struct Fault: Error {
        /// zlib's return code (zlib.h, "Return codes").
        let code: Int32
    }

    /// The bytes as a gzip member (RFC 1952).
    ///
    /// - Throws: ``Fault`` when zlib has no memory.
    static func compress(_ bytes: [UInt8]) throws(Fault) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, plus 16 for a gzip header; the maximum memory level.
        var code = deflateInit2_(
            &stream,
            Z_BEST_COMPRESSION,
            Z_DEFLATED,
            15 + 16,
            9,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard code == Z_OK else { throw Fault(code: code) }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        let length = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                code = deflate(&stream, Z_FINISH)
                return output.count - Int(stream.avail_out)
            }
        }
        guard code == Z_STREAM_END else { throw Fault(code: code) }
        return Array(output.prefix(length))
    }

    /// The maximum number of bytes of `Accept-Encoding` to read.
    private static let maximumHeaderLength = 1024

    /// Whether a client with these `Accept-Encoding` headers accepts gzip (RFC 9110, section 12.5.3).
    static func isAccepted(in values: [String]) -> Bool {
        let header = values.joined(separator: ",").utf8.prefix(maximumHeaderLength)
        var named: Bool?
        var alias: Bool?
        var any: Bool?
        for entry in header.split(separator: UInt8(ascii: ",")).prefix(16) {
            let parts = entry.split(separator: UInt8(ascii: ";")).map { part in
                String(decoding: part.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }, as: UTF8.self)
            }
            guard let coding = parts.first else { continue }
            let isTaken = !parts.dropFirst().contains { parameter in
                parameter.utf8.startsCaseless(with: "q=0")
                    && !parameter.utf8.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
            }
            if coding.isCaseless("gzip") { named = isTaken }
            if coding.isCaseless("x-gzip") { alias = isTaken }
            if coding.isCaseless("*") { any = isTaken }
        }
        return named ?? alias ?? any ?? false
    }
}
