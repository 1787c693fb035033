extension String {
    /// The text as a value of a query or a form: all characters except unreserved ones (RFC 3986, section 2.3) are
    /// escaped.
    public var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            if byte.isASCIIAlphanumeric || "-._~".utf8.contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                encoded += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return encoded
    }

    /// The text as a path with query parameters; those without a value are left out.
    public func withQuery(_ parameters: [(name: String, value: String?)]) -> String {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        return query.isEmpty ? self : "\(self)?\(query.joined(separator: "&"))"
    }
}
