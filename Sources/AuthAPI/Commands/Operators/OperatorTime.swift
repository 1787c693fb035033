import ArgumentParser
import FoundationEssentials

/// A time on the command line.
struct OperatorTime: Equatable {
    /// The formats, for messages and help.
    static let forms = """
        a date (2026-11-01), a date and time (2026-11-01T08:30:00Z, 2026-11-01T08:30:00+09:00; UTC without an offset), or \
        a duration before now (45s, 90m, 24h, 7d, 2w, 1d12h)
        """

    let date: Date

    /// Parses an argument.
    ///
    /// - Throws: `ValidationError` with the formats.
    init(argument: String) throws {
        guard let time = OperatorTime(argument, now: .now) else {
            throw ValidationError("not a valid time; write \(Self.forms)")
        }
        self = time
    }

    /// Parses a date, a date and time (RFC 3339, section 5.6; seconds and offset are optional), or a duration before
    /// now; nil for anything else, and for durations of more than a hundred years.
    init?(_ text: String, now: Date) {
        guard text.utf8.count <= 64 else { return nil }
        let text = Array(text.utf8)
        let ago = OperatorDuration.seconds(text).map { now.addingTimeInterval(-Double($0)) }
        guard let date = ago ?? Self.calendar(text) else { return nil }
        self.date = date
    }

    /// A date, alone or with a time of day.
    private static func calendar(_ text: [UInt8]) -> Date? {
        guard text.count >= 10, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            let year = number(text[0..<4]),
            let month = number(text[5..<7]), let day = number(text[8..<10]), year >= 1970, (1...12).contains(month),
            (1...days(in: month, of: year)).contains(day)
        else { return nil }
        let midnight = Double(dayNumber(year, month, day) * 86_400)
        if text.count == 10 { return Date(timeIntervalSince1970: midnight) }
        let separators = [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")]
        guard separators.contains(text[10]), let seconds = timeOfDay(text[11...]) else { return nil }
        return Date(timeIntervalSince1970: midnight + seconds)
    }

    /// Seconds since midnight UTC of `08:30`, `08:30:00` or `08:30:00.5`, optionally followed by `Z`, `+09:00`,
    /// `+0900` or `+09`, which is PostgreSQL's format.
    private static func timeOfDay(_ text: ArraySlice<UInt8>) -> Double? {
        let end =
            text.firstIndex { !isDigit($0) && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ".") } ?? text.endIndex
        let time = text[..<end]
        let parts = time.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0].count == 2, parts[1].count == 2, let hour = number(parts[0]),
            let minute = number(parts[1]), hour < 24, minute < 60, let offset = offset(text[end...])
        else { return nil }
        var seconds = 0.0
        if parts.count == 3 {
            let digits = parts[2]
            // 60 is a leap second.
            guard digits.prefix(2).allSatisfy(isDigit), digits.count == 2 || digits.count > 3,
                let value = Double(String(decoding: digits, as: UTF8.self)), value < 61
            else { return nil }
            seconds = value
        }
        return Double(hour * 3600 + minute * 60 - offset) + seconds
    }

    /// The offset from UTC in seconds.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        guard let sign = text.first else { return 0 }
        if sign | 0x20 == UInt8(ascii: "z") { return text.count == 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let hasColon = text.count == 6 && text[text.startIndex + 3] == UInt8(ascii: ":")
        let hasHoursOnly = text.count == 3
        let digits = text.dropFirst().filter { $0 != UInt8(ascii: ":") } + (hasHoursOnly ? Array("00".utf8) : [])
        guard hasColon || hasHoursOnly || text.count == 5, digits.count == 4, let hours = number(digits[..<2]),
            let minutes = number(digits[2...]), hours < 24, minutes < 60
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    fileprivate static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    fileprivate static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970 in the Gregorian calendar.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years start in March, so that the leap day is the last day.
        let shifted = month > 2 ? year : year - 1
        let leapDays = shifted / 4 - shifted / 100 + shifted / 400
        return shifted * 365 + leapDays + (153 * ((month + 9) % 12) + 2) / 5 + day - 719_469
    }
}

/// A duration on the command line.
struct OperatorDuration: Equatable {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    /// Parses an argument.
    ///
    /// - Throws: `ValidationError` with the formats.
    init(argument: String) throws {
        guard argument.utf8.count <= 64, let seconds = Self.seconds(Array(argument.utf8)) else {
            throw ValidationError("not a valid duration; write 45s, 90m, 24h, 7d, 2w or 1d12h")
        }
        self.seconds = seconds
    }

    /// Parses `7d`, `1d12h`: numbers with units in descending order; nil for anything else, and for more than a hundred
    /// years.
    static func seconds(_ text: [UInt8]) -> Int? {
        let units: [(letter: UInt8, seconds: Int)] = [
            (UInt8(ascii: "w"), 604_800), (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600),
            (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
        ]
        var rest = text[...]
        var smallest = Int.max
        var seconds = 0
        while !rest.isEmpty {
            let digits = rest.prefix { OperatorTime.isDigit($0) }
            rest = rest.dropFirst(digits.count)
            guard (1...9).contains(digits.count), let count = OperatorTime.number(digits), let letter = rest.popFirst(),
                let unit = units.first(where: { $0.letter == letter | 0x20 }), unit.seconds < smallest
            else { return nil }
            smallest = unit.seconds
            seconds += count * unit.seconds
        }
        return text.isEmpty || seconds > 100 * 366 * 86_400 ? nil : seconds
    }
}
