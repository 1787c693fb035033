/// The canonical form of a path.
///
/// Every other form is rejected, so that no rate limit or rule for a path can be bypassed.
///
/// The router alone would treat `//api//auth/login` as `/api/auth/login` (as in CVE-2025-71399).
public enum CanonicalPath {
    /// Whether the path is canonical: no empty, `.` or `..` segment, no slash at the end, no escapes.
    public static func isCanonical(_ path: String) -> Bool {
        if path.isExactly("/") { return true }
        // Byte by byte, without an array of segments: every request passes here.
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

    /// Whether a segment with that many bytes and dots is neither empty nor `.` nor `..`.
    private static func isSegment(length: Int, dots: Int) -> Bool {
        length > 0 && !(length == dots && length <= 2)
    }
}
