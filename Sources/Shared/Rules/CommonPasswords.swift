@_spi(_Unicode) import Swift

/// The passwords that attackers try first (NIST SP 800-63B, section 5.1.1.2: "commonly-used, expected, or compromised",
/// and context-specific words).
///
/// Two lists, mostly from zxcvbn (MIT license) and compiled into the binary: common-passwords.txt has about 4,100
/// passwords, common-words.txt about 10,700 words that passwords are built from. A password is rejected if it is one of
/// the former, if it is little more than runs and repetitions, or if only a word is left of it after removing the
/// additions that cracking programs try; see ``PasswordCore``.
enum CommonPasswords {
    /// The maximum length of passwords to check for words, in code points.
    private static let longestBuilt = 32
    /// The maximum number of parts of a text that are also combined in pairs.
    private static let maximumPaired = 6

    /// Whether a password is one of them, or is built from one of the other texts, which an attacker knows about the
    /// account and the site.
    static func contains(_ password: String, besides others: [String]) -> Bool {
        let folded = Self.folded(password)
        if all.contains(folded.trimmingMarks()) { return true }
        let others = others.filter { $0.unicodeScalars.count <= PasswordRules.maximumLength }
        // String comparison treats composed and decomposed characters as equal.
        if others.contains(where: { Self.folded($0) == folded }) { return true }
        let scalars = Array(folded.unicodeScalars)
        guard scalars.count <= longestBuilt else { return false }
        let known = knownWords(in: others)
        func isBuilt(_ scalars: [Unicode.Scalar]) -> Bool {
            KeyboardWalk.isWalk(scalars) || PasswordCore.isSequence(scalars)
                || PasswordCore.exists(in: scalars) { core in
                    words.contains(core[...]) || known.contains(PasswordCore.lettersAndDigits(of: core))
                }
        }
        // "Summer26Summer26" is no stronger than one half of it.
        return isBuilt(scalars) || PasswordCore.repeated(folded).map { isBuilt(Array($0.unicodeScalars)) } ?? false
    }

    /// The text in lower case, with full-width forms of ASCII narrowed.
    private static func folded(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars {
            let isWide = (0xFF01...0xFF5E).contains(scalar.value)
            folded.append(isWide ? Unicode.Scalar(UInt8(scalar.value - 0xFEE0)) : scalar)
        }
        return String(folded)
    }

    /// The words of an email address, a name or a site, in the form in which cores are compared.
    private static func knownWords(in texts: [String]) -> Set<String> {
        var found: [String] = []
        for text in texts {
            let folded = Self.folded(text)
            found.append(folded)
            // The top-level domain is not specific to the user.
            let email = folded.split(separator: "@", maxSplits: 1)
            if email.count == 2 {
                found += [String(email[0])] + email[1].split(separator: ".").dropLast().map(String.init)
            }
            let parts = folded.split { !$0.isLetter && !$0.isNumber }.map(String.init)
            found += parts
            // A password may contain two names in either order, or a name and an initial: "ALovelace1".
            for first in parts.prefix(maximumPaired) {
                for second in parts.prefix(maximumPaired) {
                    found += [first + second, first.prefix(1) + second, first + second.prefix(1)]
                }
            }
        }
        // Names are often typed without their accents.
        found += found.map { text in
            String(String.UnicodeScalarView(text._nfd.filter { $0.properties.generalCategory != .nonspacingMark }))
        }
        let plain = found.flatMap { text in PasswordCore.plain(Array(text.unicodeScalars)[...]) }
        return Set(plain.map(PasswordCore.lettersAndDigits).filter { $0.unicodeScalars.count >= PasswordCore.shortest })
    }

    private static let all = entries(of: PackageResources.common_passwords_txt)
    private static let words = entries(of: PackageResources.common_words_txt)

    private static func entries(of list: [UInt8]) -> Set<Substring> {
        Set(String(decoding: list, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") })
    }
}

extension String {
    /// The text without leading and trailing characters that are neither letters nor digits.
    fileprivate func trimmingMarks() -> Substring {
        drop { !$0.isLetter && !$0.isNumber }.droppingLast { !$0.isLetter && !$0.isNumber }
    }
}

extension Substring {
    fileprivate func droppingLast(while predicate: (Character) -> Bool) -> Substring {
        guard let last = lastIndex(where: { !predicate($0) }) else { return "" }
        return self[...last]
    }
}
