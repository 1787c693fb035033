/// A requirement that a database does not meet, and the command that fixes it.
struct DatabaseFault: Sendable, Equatable {
    /// The effect on the programs.
    enum Weight: Int, Sendable, Comparable {
        /// No problem.
        case note
        /// A problem that does not prevent serving.
        case advice
        /// Until it is fixed, no user can sign in, or no migration can be applied.
        case blocking
        /// The database can never be used; another one must be created.
        case unfit

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    let weight: Weight
    /// The subject of the check.
    let subject: String
    /// The problem, with PostgreSQL's message where it rejects something.
    let message: String
    /// The command that fixes it.
    let fix: String

    /// The line in doctor's list.
    var finding: Finding {
        weight == .note ? .note(subject, message, fix.isEmpty ? nil : fix) : .fix(subject, message, fix)
    }
}

extension DatabaseFault: CustomStringConvertible {
    /// The fault, and how to fix it.
    var description: String { "\(message)\n  fix: \(fix)" }
}
