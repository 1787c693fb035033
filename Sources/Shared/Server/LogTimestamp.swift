import FoundationEssentials
import Synchronization

/// The time of a log line in the format of RFC 3339, with milliseconds.
enum LogTimestamp {
    private static let style = Date.ISO8601FormatStyle()
    /// The cached text of the last second: thousands of lines share one.
    private static let latest = Mutex<(second: Int, text: String)>((.min, ""))

    /// Appends a time in UTC: `2026-11-23T15:04:05.678Z`.
    static func append(_ date: Date, to line: inout JSONBytes) {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let second = Int((Double(milliseconds) / 1000).rounded(.down))
        let whole = latest.withLock { latest in
            if latest.second != second {
                let text = style.format(Date(timeIntervalSince1970: TimeInterval(second)))
                latest = (second, String(text.dropLast()) + ".")
            }
            return latest.text
        }
        line.append(unescaped: whole)
        line.append(milliseconds - second * 1000, digits: 3)
        line.append("Z")
    }
}
