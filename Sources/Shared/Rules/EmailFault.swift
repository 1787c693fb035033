extension EmailAddress {
    /// Why a text is not an email address; the first fault found.
    public enum Fault: String, Sendable, CaseIterable {
        /// It is surrounded by a name or `mailto:`.
        case notAlone = "not_alone"
        case missingAt = "missing_at"
        case severalAts = "several_ats"
        /// It contains white space.
        case blank
        /// The part before the `@` is empty.
        case missingName = "missing_name"
        /// The part before the `@` has more than 64 bytes.
        case longName = "long_name"
        /// The part before the `@` starts or ends with a dot, or contains two in a row.
        case dotsInName = "dots_in_name"
        /// The part before the `@` contains an invalid character.
        case characterInName = "character_in_name"
        /// The part after the `@` is empty.
        case missingDomain = "missing_domain"
        /// The domain contains non-ASCII letters.
        case foreignDomain = "foreign_domain"
        /// The domain has one label, or is an IP address.
        case incompleteDomain = "incomplete_domain"
        /// The domain has another fault.
        case badDomain = "bad_domain"

        /// An English sentence with the expected form and the fault.
        var detail: String { "Enter an email address like name@example.com. \(reason)" }

        private var reason: String {
            switch self {
            case .notAlone: "Leave out names, angle brackets and “mailto:”."
            case .missingAt: "It has no “@”."
            case .severalAts: "It has more than one “@”."
            case .blank: "It cannot contain spaces."
            case .missingName: "Nothing precedes the “@”."
            case .longName: "The part before the “@” can have at most 64 characters."
            case .dotsInName: "The part before the “@” cannot start or end with a dot, or contain two dots in a row."
            case .characterInName: "The part before the “@” contains an invalid character."
            case .missingDomain: "Nothing follows the “@”."
            case .foreignDomain: "Write the part after the “@” in its ASCII form, which begins with “xn--”."
            case .incompleteDomain: "The part after the “@” must be a whole domain, like example.com."
            case .badDomain: "The part after the “@” is not a domain like example.com."
            }
        }

        /// Finds the fault of a text without surrounding white space; nil when it is an address.
        init?(in bytes: [UInt8]) {
            let lowered = bytes.prefix(7).map { $0 | 0x20 }
            if lowered.elementsEqual("mailto:".utf8) || bytes.contains(where: "<>".utf8.contains) {
                self = .notAlone
                return
            }
            let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                self = parts.count == 1 ? .missingAt : .severalAts
                return
            }
            guard !String(decoding: bytes, as: UTF8.self).unicodeScalars.contains(where: \.properties.isWhitespace)
            else {
                self = .blank
                return
            }
            guard let fault = Self.ofName(parts[0]) ?? Self.ofDomain(parts[1]) else { return nil }
            self = fault
        }

        private static func ofName(_ part: ArraySlice<UInt8>) -> Fault? {
            guard !part.isEmpty else { return .missingName }
            guard part.count <= 64 else { return .longName }
            let atoms = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard atoms.allSatisfy({ !$0.isEmpty }) else { return .dotsInName }
            return atoms.allSatisfy { $0.allSatisfy(isAtomByte) } ? nil : .characterInName
        }

        private static func ofDomain(_ part: ArraySlice<UInt8>) -> Fault? {
            guard !part.isEmpty else { return .missingDomain }
            guard part.allSatisfy({ $0 < 0x80 }) else { return .foreignDomain }
            let labels = part.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            let areLabels = labels.allSatisfy { label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
            }
            guard areLabels else { return .badDomain }
            guard labels.count >= 2, let last = labels.last, !last.allSatisfy(isDigit) else { return .incompleteDomain }
            return nil
        }

        private static func isAtomByte(_ byte: UInt8) -> Bool {
            isLetter(byte) || isDigit(byte) || "!#$%&'*+/=?^_`{|}~-".utf8.contains(byte)
        }

        private static func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }

        private static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
}
