/// The passwords that attackers try first (NIST SP 800-63B, section 5.1.1.2: "commonly-used, expected, or compromised").
///
/// The list is that of zxcvbn, under the MIT licence: see common-passwords.txt, which is part of the binary and holds
/// only what meets the other rules, some 4,100 entries.
enum CommonPasswords {
    /// Whether a password is one of them, whatever its case and the punctuation around it ("Password1!"), or one of the
    /// other texts, which is what an attacker knows of the account.
    static func contains(_ password: String, besides others: [String]) -> Bool {
        let folded = fold(password)
        if all.contains(folded.trimmingMarks()) { return true }
        return others.contains { $0.unicodeScalars.count <= PasswordRules.maximumLength && fold($0) == folded }
    }

    private static let all: Set<Substring> = {
        let text = String(decoding: PackageResources.common_passwords_txt, as: UTF8.self)
        return Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") })
    }()

    /// Upper and lower case made one; composed and decomposed characters compare equal as they are.
    private static func fold(_ text: String) -> String { text.lowercased() }
}

extension String {
    /// The text without anything around it that is neither a letter nor a digit.
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
