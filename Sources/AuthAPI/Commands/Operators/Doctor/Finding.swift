/// What a check has found, and what to do about it.
struct Finding: Sendable, Equatable, Encodable {
    /// How bad it is.
    enum Level: String, Sendable, Encodable {
        /// As it should be.
        case ok
        /// Worth knowing; nothing is wrong.
        case note
        /// To be mended.
        case fix
    }

    let level: Level
    /// What was looked at.
    let subject: String
    /// What was found.
    let message: String
    /// What to do; nil when there is nothing to do.
    let advice: String?

    /// As it should be.
    static func ok(_ subject: String, _ message: String) -> Finding {
        Finding(level: .ok, subject: subject, message: message, advice: nil)
    }

    /// Worth knowing.
    static func note(_ subject: String, _ message: String, _ advice: String? = nil) -> Finding {
        Finding(level: .note, subject: subject, message: message, advice: advice)
    }

    /// To be mended, in this way.
    static func fix(_ subject: String, _ message: String, _ advice: String) -> Finding {
        Finding(level: .fix, subject: subject, message: message, advice: advice)
    }
}

extension Finding: CustomStringConvertible {
    /// A line, and below it the advice.
    var description: String {
        let level = level == .fix ? "FIX " : level == .note ? "note" : "ok  "
        let subject = subject + String(repeating: " ", count: max(0, 14 - subject.count))
        let line = "\(level)  \(subject)  \(TextTable.harmless(message))"
        return advice.map { "\(line)\n      \(String(repeating: " ", count: 16))→ \($0)" } ?? line
    }
}
