@_spi(_Unicode) import Swift

/// What a new password must have.
///
/// Lengths count Unicode code points of the NFC form (NIST SP 800-63B, section 5.1.1.2), so that a password counts the
/// same however a keyboard composes it. Nothing is forbidden; letters and digits of every script count.
public enum PasswordRules {
    /// The fewest code points.
    public static let minimumLength = 8
    /// The most code points.
    public static let maximumLength = 128

    /// The most code points that are normalised: at most four become one in NFC, so that a longer text is too long
    /// anyhow, and normalising takes time in the square of the length.
    private static let normalizationLimit = 4 * maximumLength

    /// Whether two texts are the same password, however their characters are composed.
    public static func areSame(_ first: String, _ second: String) -> Bool {
        guard max(first.unicodeScalars.count, second.unicodeScalars.count) <= normalizationLimit else {
            return first.utf8.elementsEqual(second.utf8)
        }
        // String equality is canonical equivalence.
        return first == second
    }

    /// Every rule that the password breaks, in a fixed order; empty when it is good.
    ///
    /// - Parameters:
    ///   - password: what a person typed.
    ///   - others: their email address and name as typed, and the words of the site: what a password must not be built
    ///     from.
    /// - Returns: the broken rules.
    public static func violations(in password: String, besides others: [String] = []) -> [RuleViolation] {
        guard !password.isEmpty else { return [RuleViolation(.required, "Enter a password.")] }
        guard password.unicodeScalars.count <= normalizationLimit else { return [tooLong] }
        let scalars = password._nfc
        var length = 0
        var hasUppercase = false
        var hasLowercase = false
        var hasDigit = false
        for scalar in scalars {
            length += 1
            switch scalar.properties.generalCategory {
            case .uppercaseLetter: hasUppercase = true
            case .lowercaseLetter: hasLowercase = true
            case .decimalNumber: hasDigit = true
            default: break
            }
        }
        var violations: [RuleViolation] = []
        if length < minimumLength {
            violations.append(.init(.tooShort, "The password must have at least \(minimumLength) characters."))
        }
        if length > maximumLength {
            violations.append(tooLong)
        }
        if !hasUppercase {
            violations.append(.init(.missingUppercase, "The password must have an upper-case letter."))
        }
        if !hasLowercase {
            violations.append(.init(.missingLowercase, "The password must have a lower-case letter."))
        }
        if !hasDigit {
            violations.append(.init(.missingDigit, "The password must have a digit."))
        }
        if (minimumLength...maximumLength).contains(length), CommonPasswords.contains(password, besides: others) {
            violations.append(.init(.tooCommon, "The password is one of those that attackers try first."))
        }
        return violations
    }

    /// The words by which attackers know a site: its name, and the labels of its host but the last.
    public static func words(of site: WebOrigin) -> [String] {
        let labels = site.authority.prefix { $0 != ":" }.split(separator: ".").map(String.init)
        return [productName] + (labels.count > 1 ? labels.dropLast() : labels)
    }

    private static let productName = "yoshikosan"

    private static var tooLong: RuleViolation {
        RuleViolation(.tooLong, "The password may have at most \(maximumLength) characters.")
    }
}
