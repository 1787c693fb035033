@_spi(_Unicode) import Swift

/// The rules for new passwords.
///
/// Lengths are Unicode code points of the NFC form (NIST SP 800-63B, section 5.1.1.2), so that they do not depend on
/// how a keyboard composes characters. Every character is allowed; letters and digits of every script count.
public enum PasswordRules {
    /// The minimum length in code points.
    public static let minimumLength = 8
    /// The maximum length in code points.
    public static let maximumLength = 128

    /// The maximum number of code points to normalize: NFC combines at most four into one, so a longer text is too long
    /// in any case, and normalization takes quadratic time.
    private static let normalizationLimit = 4 * maximumLength

    /// Whether two texts are the same password, regardless of the composition of characters.
    public static func areSame(_ first: String, _ second: String) -> Bool {
        guard max(first.unicodeScalars.count, second.unicodeScalars.count) <= normalizationLimit else {
            return first.utf8.elementsEqual(second.utf8)
        }
        // String equality is canonical equivalence.
        return first == second
    }

    /// Every rule that the password violates, in a fixed order; empty when it is valid.
    ///
    /// - Parameters:
    ///   - password: the typed password.
    ///   - others: texts that a password must not be built from: the user's email address and name, and the site's
    ///     words.
    /// - Returns: the violated rules.
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

    /// The words by which attackers know a site: its names, and all labels of its host except the last.
    public static func words(of site: WebOrigin, named name: SiteName = .standard) -> [String] {
        let labels = site.authority.prefix { $0 != ":" }.split(separator: ".").map(String.init)
        let names = [name.english, name.japanese].filter { $0 != productName }
        return [productName] + names + (labels.count > 1 ? labels.dropLast() : labels)
    }

    private static let productName = "yoshikosan"

    private static var tooLong: RuleViolation {
        RuleViolation(.tooLong, "The password may have at most \(maximumLength) characters.")
    }
}
