public import HTTPTypes

extension HTTPFields {
    /// Whether the body has a media type, in any case and with any parameters (RFC 9110, section 8.3.1).
    ///
    /// Blanks may precede the semicolon, and parameters may be empty; Hummingbird's `MediaType` accepts neither.
    public func hasContentType(_ type: StaticString) -> Bool {
        guard let header = self[.contentType] else { return false }
        var essence = header.utf8.prefix { $0 != UInt8(ascii: ";") }
        while let last = essence.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { essence.removeLast() }
        return Substring(essence).isCaseless(type)
    }
}
