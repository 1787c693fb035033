/// The result of a check, and how to fix a problem.
struct Finding: Sendable, Equatable, Encodable {
    /// The severity.
    enum Level: String, Sendable, Encodable {
        /// No problem.
        case ok
        /// Information; not a problem.
        case note
        /// A problem.
        case fix
    }

    let level: Level
    /// The subject of the check.
    let subject: String
    /// The result.
    let message: String
    /// How to fix the problem; nil when there is nothing to do.
    let advice: String?

    /// No problem.
    static func ok(_ subject: String, _ message: String) -> Finding {
        Finding(level: .ok, subject: subject, message: message, advice: nil)
    }

    /// Information.
    static func note(_ subject: String, _ message: String, _ advice: String? = nil) -> Finding {
        Finding(level: .note, subject: subject, message: message, advice: advice)
    }

    /// A problem, with its fix.
    static func fix(_ subject: String, _ message: String, _ advice: String) -> Finding {
        Finding(level: .fix, subject: subject, message: message, advice: advice)
    }
}

extension Finding: CustomStringConvertible {
    /// One line, and the advice on the next.
    var description: String {
        let level = level == .fix ? "FIX " : level == .note ? "note" : "ok  "
        let subject = subject + String(repeating: " ", count: max(0, 14 - subject.count))
        let line = "\(level)  \(subject)  \(TextTable.sanitized(message))"
        return advice.map { "\(line)\n      \(String(repeating: " ", count: 16))→ \($0)" } ?? line
    }
}
