/// The one spelling of a path: every other is refused, so that no limit or rule that knows a path can be walked around.
///
/// The router alone would take `//api//auth/login` for `/api/auth/login` (CVE-2025-71399 was of that kind).
public enum CanonicalPath {
    /// Whether the path is the one spelling: no empty, `.` or `..` segment, no slash at the end, nothing encoded.
    public static func isCanonical(_ path: String) -> Bool {
        if path.isExactly("/") { return true }
        // Byte by byte, without an array of segments: every request comes by here.
        var length = 0, dots = 0, isFirst = true
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/") {
                guard isFirst || isSegment(length: length, dots: dots) else { return false }
                (length, dots) = (0, 0)
            } else {
                guard !isFirst, byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%"), byte != UInt8(ascii: "\\") else {
                    return false
                }
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
            isFirst = false
        }
        return isSegment(length: length, dots: dots)
    }

    /// Whether a segment of that many bytes, so many of them dots, is neither empty nor `.` nor `..`.
    private static func isSegment(length: Int, dots: Int) -> Bool {
        length > 0 && !(length == dots && length <= 2)
    }
}
