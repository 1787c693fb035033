/// What a database lacks, and the command that changes it.
struct DatabaseFault: Sendable, Equatable {
    /// What becomes of the programs.
    enum Weight: Int, Sendable, Comparable {
        /// Nothing is wrong.
        case note
        /// It works, but not as it should.
        case advice
        /// Nobody can sign in, or no migration can be applied, until it is repaired.
        case blocking
        /// The database can never be used; another one has to be created.
        case unfit

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    let weight: Weight
    /// A word for what was looked at.
    let subject: String
    /// What is wrong, in PostgreSQL's words where it refuses something.
    let message: String
    /// The command that repairs it.
    let fix: String

    /// The line in doctor's list.
    var finding: Finding {
        weight == .note ? .note(subject, message, fix.isEmpty ? nil : fix) : .fix(subject, message, fix)
    }
}

extension DatabaseFault: CustomStringConvertible {
    /// The fault, and how to repair it.
    var description: String { "\(message)\n  fix: \(fix)" }
}
