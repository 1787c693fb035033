@_spi(_Unicode) import Swift

/// The host of a URL: a domain name in its ASCII form, or an IP address.
///
/// Domain names may be internationalized (RFC 5890), in either form: `日本語.jp` is `xn--wgv71a119e.jp`. Upper case,
/// full-width letters and ideographic full stops are folded as browsers fold them (UTS #46).
struct HostName: Sendable {
    /// Why a text is not a host.
    struct Fault: Error {
        /// The reason, which completes "the host …".
        let reason: String
    }

    /// The maximum length of the input in bytes; a domain name has at most 253 in its ASCII form.
    private static let maximumLength = 512

    /// The host in canonical form.
    let ascii: String

    /// Reads a host.
    init(_ text: some StringProtocol) throws(Fault) {
        guard !text.isEmpty else { throw Fault(reason: "is missing") }
        guard text.utf8.count <= Self.maximumLength else { throw Fault(reason: "is too long") }
        if text.utf8.first == UInt8(ascii: "[") {
            guard let address = IPAddress(host: text) else { throw Fault(reason: "is not an IPv6 address in brackets") }
            ascii = address.urlHost
            return
        }
        // bounded: single code points
        var labels = Self.folded(text).split(separator: ".", omittingEmptySubsequences: false).map { Array($0) }
        // The dot that ends an absolute name (RFC 1034, section 3.1).
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        var names: [String] = []
        for label in labels { names.append(try Self.ascii(label)) }
        let name = names.joined(separator: ".")
        guard name.utf8.count <= 253 else { throw Fault(reason: "is longer than 253 characters") }
        // A name that ends in a number is an IPv4 address (WHATWG URL, "ends in a number").
        if let last = names.last, Self.isNumber(last), IPAddress(name) == nil {
            throw Fault(reason: "is not an IPv4 address")
        }
        ascii = name
    }

    private static func isNumber(_ label: String) -> Bool {
        label.utf8.starts(with: "0x".utf8)
            ? label.utf8.dropFirst(2).allSatisfy { $0.hexDigit != nil }
            : label.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Whether a host in canonical form is this machine: `localhost`, a name below it (RFC 6761, section 6.3), or a
    /// loopback address.
    static func isLoopback(_ host: String) -> Bool {
        let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.last?.elementsEqual("localhost".utf8) == true || IPAddress(host: host)?.isLoopback == true
    }

    /// One label in its ASCII form (RFC 5891, section 4).
    private static func ascii(_ label: [Unicode.Scalar]) throws(Fault) -> String {
        guard let first = label.first else { throw Fault(reason: "has an empty part between its dots") }
        for scalar in label where !isAllowed(scalar) {
            let number = String(scalar.value, radix: 16, uppercase: true)
            let code = String(repeating: "0", count: max(0, 4 - number.utf8.count)) + number
            throw Fault(reason: "has a character that host names cannot have: U+\(code)")
        }
        // bounded: single code points
        if first == "-" || label.last == "-" { throw Fault(reason: "has a part that begins or ends with a hyphen") }
        if isMark(first) { throw Fault(reason: "has a part that begins with a combining mark") }
        var name = String(String.UnicodeScalarView(label))
        if label.allSatisfy(\.isASCII) {
            if name.utf8.starts(with: "xn--".utf8), !isCanonical(Array(name.utf8.dropFirst(4))) {
                throw Fault(reason: "has a part that begins with xn-- but is not the ASCII form of a name")
            }
        } else {
            name = "xn--\(Punycode.encode(label))"
        }
        guard name.utf8.count <= 63 else {
            throw Fault(reason: "has a part that is longer than 63 characters in its ASCII form")
        }
        return name
    }

    /// Whether an encoded label is the result of converting a Unicode name.
    private static func isCanonical(_ encoded: [UInt8]) -> Bool {
        guard encoded.count <= 59, let label = Punycode.decode(encoded), let first = label.first,
            !label.allSatisfy(\.isASCII), label.allSatisfy(isAllowed), !isMark(first)
        else { return false }
        let text = String(String.UnicodeScalarView(label))
        return folded(text) == label && Punycode.encode(label).utf8.elementsEqual(encoded)
    }

    /// The text in lower case and NFC, with full-width characters narrowed and invisible ones removed.
    private static func folded(_ text: some StringProtocol) -> [Unicode.Scalar] {
        var folded = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0xFF01...0xFF5E: append(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)), to: &folded)
            case 0x3002, 0xFF61: folded.append(".")
            case 0xAD, 0x200B, 0x2060, 0xFEFF: break
            default: append(scalar, to: &folded)
            }
        }
        return Array(String(folded)._nfc)
    }

    private static func append(_ scalar: Unicode.Scalar, to folded: inout String.UnicodeScalarView) {
        folded.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            let byte = UInt8(ascii: scalar)
            return byte.isASCIIAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        switch scalar.properties.generalCategory {
        case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .decimalNumber,
            .letterNumber, .otherSymbol:
            return true
        // Middle dots, geresh and gershayim, and the two joiners (RFC 5892, appendix A).
        default: return [0xB7, 0x30FB, 0x375, 0x5F3, 0x5F4, 0x200C, 0x200D].contains(scalar.value)
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }
}
