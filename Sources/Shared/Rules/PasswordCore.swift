/// The core of a password: what is left without the usual additions that make a word meet the rules, and that cracking
/// programs try: digits, years and symbols at the ends, digits instead of letters, repetition.
///
/// Accepts passwords of at most ``PasswordRules/maximumLength`` code points, in lower case.
enum PasswordCore {
    /// The minimum length of a core in code points.
    static let shortest = 3
    /// The maximum length of a core to check, in code points: words are shorter, even twice.
    private static let longest = 64
    /// The number of surprising characters around a core to ignore; see ``surprises(in:)``.
    private static let maximumSurprises = 6
    /// The number of surprising characters that are too few for a whole password.
    private static let tooFewSurprises = 2

    /// Whether almost every character repeats or continues the one before, or belongs to a date: "Aa@123456", "Aa112233",
    /// "Aa31-12-1999".
    static func isSequence(_ password: [Unicode.Scalar]) -> Bool {
        surprises(in: password.filter { !"-./".unicodeScalars.contains($0) }[...]) <= tooFewSurprises
    }

    /// Whether there is a core that is a word, with only predictable characters around it.
    static func exists(in password: [Unicode.Scalar], isWord: (String) -> Bool) -> Bool {
        let lead = password.prefix { !$0.properties.isAlphabetic }.count
        let trail = password.reversed().prefix { !$0.properties.isAlphabetic }.count
        guard lead < password.count else { return false }
        // "Hello123Hello2"
        let letters = String(String.UnicodeScalarView(password.filter(\.properties.isAlphabetic)))
        let others = password.filter { !$0.properties.isAlphabetic }
        if let part = repeated(letters), isWord(part), surprises(in: others[...]) <= maximumSurprises { return true }
        // A digit or symbol at an end can be an addition or replace a letter: "$ummer1", "hell0123".
        for start in 0...lead where surprises(in: password[..<start]) <= maximumSurprises {
            for end in (password.count - trail)...password.count where (shortest...longest).contains(end - start) {
                guard surprises(in: password[..<start]) + surprises(in: password[end...]) <= maximumSurprises else {
                    continue
                }
                for core in plain(password[start..<end]) {
                    if isWord(core) || isWord(String(core.reversed())) { return true }
                    if let part = repeated(core), isWord(part) { return true }
                }
            }
        }
        return false
    }

    /// The text with the letters that digits and symbols replace; two variants, because 1 replaces both "i" and "l".
    static func plain(_ text: ArraySlice<Unicode.Scalar>) -> [String] {
        let letters = ["i", "l"].map { (line: Unicode.Scalar) in
            String(
                String.UnicodeScalarView(
                    text.map { $0 == "1" || $0 == "!" || $0 == "|" ? line : substitutes[$0] ?? $0 }
                )
            )
        }
        return letters[0].utf8.elementsEqual(letters[1].utf8) ? [letters[0]] : letters
    }

    /// The text without separators between words.
    static func lettersAndDigits(of text: String) -> String { text.filter { $0.isLetter || $0.isNumber } }

    private static let substitutes: [Unicode.Scalar: Unicode.Scalar] = [
        "0": "o", "2": "z", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "+": "t",
        "(": "c", "€": "e",
    ]

    /// The number of characters to guess for an attacker who tries dates, years, runs and repetitions first.
    private static func surprises(in text: ArraySlice<Unicode.Scalar>) -> Int {
        let values = text.map { KeyboardWalk.unshifted($0).value }
        var count = 0
        var index = 0
        while index < values.count {
            let rest = values[index...]
            let dateLength = isDate(rest.prefix(8)) ? 8 : isYear(rest.prefix(4)) ? 4 : 0
            if dateLength > 0 {
                count += 1
                index += dateLength
                continue
            }
            let step = index > 0 ? abs(Int(values[index]) - Int(values[index - 1])) : 2
            if step > 1 { count += 1 }
            index += 1
        }
        return count
    }

    /// Whether the characters are eight digits of a date, with the year first or last.
    private static func isDate(_ digits: ArraySlice<UInt32>) -> Bool {
        guard digits.count == 8, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return (isYear(digits.prefix(4)) && isDay(digits.suffix(4)))
            || (isYear(digits.suffix(4)) && isDay(digits.prefix(4)))
    }

    /// Whether four digits are a day and a month in either order.
    private static func isDay(_ digits: ArraySlice<UInt32>) -> Bool {
        let values = digits.map { Int($0) - 0x30 }
        let first = 10 * values[0] + values[1], second = 10 * values[2] + values[3]
        return (1...12).contains(min(first, second)) && (1...31).contains(max(first, second))
    }

    private static func isYear(_ digits: ArraySlice<UInt32>) -> Bool {
        guard digits.count == 4, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return Array(digits.prefix(2)) == [0x31, 0x39] || Array(digits.prefix(2)) == [0x32, 0x30]
    }

    /// The repeated part, if the text is only a repetition.
    static func repeated(_ text: String) -> String? {
        let scalars = Array(text.unicodeScalars)
        for length in shortest..<max(shortest, scalars.count / 2 + 1) where scalars.count.isMultiple(of: length) {
            if (length..<scalars.count).allSatisfy({ scalars[$0] == scalars[$0 - length] }) {
                return String(String.UnicodeScalarView(scalars[..<length]))
            }
        }
        return nil
    }
}

/// Detects passwords that follow the keyboard or the alphabet: "Qwer1234", "Zaq1@wsx", "Aaaa1111".
enum KeyboardWalk {
    /// Rows and columns of keyboards, including the numeric keypad, and the alphabet, in both directions.
    private static let lines: [[Unicode.Scalar]] = [
        "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm,./", "azertyuiop", "qsdfghjklm", "qwertzuiop", "yxcvbnm",
        "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p", "147", "258", "369", "159", "357",
        "abcdefghijklmnopqrstuvwxyz",
    ].flatMap { [Array($0.unicodeScalars), $0.unicodeScalars.reversed()] }

    private static let shifted = Dictionary(
        uniqueKeysWithValues: zip("!@#$%^&*()".unicodeScalars, "1234567890".unicodeScalars)
    )

    /// The digit on the same key as the symbol, on the US keyboard.
    static func unshifted(_ scalar: Unicode.Scalar) -> Unicode.Scalar { shifted[scalar] ?? scalar }

    /// Whether a password in lower case consists of a few such runs, in sequence or interleaved, except for two
    /// characters.
    static func isWalk(_ password: [Unicode.Scalar]) -> Bool {
        let keys = password.map(unshifted)
        if isWalk(keys, besides: 2, mostRuns: 4) { return true }
        let halves = [0, 1].map { first in
            stride(from: first, to: keys.count, by: 2).map { keys[$0] }
        }
        return halves.allSatisfy { $0.count >= 4 && isWalk($0, besides: 0, mostRuns: 1) }
    }

    private static func isWalk(_ keys: [Unicode.Scalar], besides others: Int, mostRuns: Int) -> Bool {
        guard !keys.isEmpty else { return false }
        var runs = 0
        var inRuns = 0
        var start = 0
        for index in 1...keys.count {
            if index < keys.count, isRun(keys[start...index]) { continue }
            if index - start >= 3 {
                runs += 1
                inRuns += index - start
            }
            start = index
        }
        return keys.count - inRuns <= others && runs <= mostRuns
    }

    /// Whether the keys are adjacent on a line, or all the same.
    private static func isRun(_ keys: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = keys.first else { return false }
        if keys.allSatisfy({ $0 == first }) { return true }
        return lines.contains { line in
            line.firstIndex(of: first).map { line[$0...].starts(with: keys) } ?? false
        }
    }
}
