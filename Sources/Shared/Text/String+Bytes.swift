extension String {
    /// The text with every occurrence of a non-empty text replaced, compared by bytes.
    ///
    /// The standard library compares characters, so a quote before a combining mark would stay unescaped.
    public func replacing(_ text: String, by replacement: String) -> String {
        let bytes = Array(utf8)
        let pattern = Array(text.utf8)
        var result: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] == pattern.first, bytes[offset...].starts(with: pattern) {
                result += replacement.utf8
                offset += pattern.count
            } else {
                result.append(bytes[offset])
                offset += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
