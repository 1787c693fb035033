import Hummingbird
import Shared

/// A cookie of a request.
struct RequestCookie: Sendable, Equatable {
    let name: String
    let value: String
}

extension Request {
    /// The non-empty cookies whose names begin with the prefix, in order.
    func cookies(withPrefix prefix: String) -> [RequestCookie] {
        var found: [RequestCookie] = []
        for field in headers[fields: .cookie] { Self.cookies(in: field.value, withPrefix: prefix, to: &found) }
        return found
    }

    /// Byte by byte, for speed: separators are ASCII, and every signed-in request passes here.
    private static func cookies(in header: String, withPrefix prefix: String, to found: inout [RequestCookie]) {
        let text = header.utf8
        let bytes = text.span, name = prefix.utf8.span
        var next = 0
        while next < bytes.count {
            var start = next, end = next
            while end < bytes.count, bytes[end] != UInt8(ascii: ";") { end += 1 }
            next = end + 1
            // White space at the ends of a header is not part of its value (RFC 9110, section 5.5), even if a proxy has
            // merged several headers.
            while start < end, isBlank(bytes[start]) { start += 1 }
            while start < end, isBlank(bytes[end - 1]) { end -= 1 }
            guard end - start >= name.count, (0..<name.count).allSatisfy({ bytes[start + $0] == name[$0] }) else {
                continue
            }
            var equals = start
            while equals < end, bytes[equals] != UInt8(ascii: "=") { equals += 1 }
            guard equals + 1 < end else { continue }
            let places = [start, equals, equals + 1, end].map { text.index(text.startIndex, offsetBy: $0) }
            found.append(
                RequestCookie(name: String(header[places[0]..<places[1]]), value: String(header[places[2]..<places[3]]))
            )
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// The values of every cookie with that name.
    func cookieValues(_ name: String) -> [String] {
        cookies(withPrefix: "\(name)=").map(\.value)
    }

    /// The value of a cookie; nil when several differ: one of them may be an attacker's, and it is unknown which.
    func cookieValue(_ name: String) -> String? {
        let values = cookieValues(name)
        guard let first = values.first, values.dropFirst().allSatisfy({ $0.isExactly(first) }) else { return nil }
        return first
    }

    /// Rejects differing cookies of that name: no session counts then, so a redirect to get one would lead back.
    ///
    /// - Throws: `malformed_request`.
    func rejectForeignCookie(_ name: String) throws {
        guard cookieValue(name) == nil, !cookieValues(name).isEmpty else { return }
        throw APIError(
            .malformedRequest,
            detail: "Another application on this host has set a cookie named \(name); delete the cookies of this host."
        )
    }
}
