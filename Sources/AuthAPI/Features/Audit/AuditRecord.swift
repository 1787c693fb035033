import FoundationEssentials
import Shared

/// An event as an operator sees it.
struct AuditRecord: Sendable, Equatable, Encodable {
    let id: Int64
    /// By the clock of the database.
    let occurredAt: Date
    let event: String
    /// The UUID in lower case; of an account that may be gone.
    let user: String?
    /// The account's address, while there is an account.
    let email: String?
    /// What stands for an address without an account, or for whom a limit is met: a keyed hash in hexadecimal.
    let subject: String?
    let provider: String?
    /// Why, how, or by whom.
    let detail: String?
    let session: String?
    /// The browser's name, where it was known for the account.
    let device: String?
    let address: String?
    let userAgent: String?
    let requestID: String?

    /// How somebody signed in or registered, and what else the event says of itself.
    var how: String {
        let byPassword = provider == nil && (event == "signed_in" || event == "registered")
        return [byPassword ? "password" : provider, detail].compactMap(\.self).joined(separator: " ")
    }

    /// Whom it is about, as shortly as can be: address, identifier, or the beginning of the hash.
    var whom: String? { email ?? user ?? subject.map { "#" + $0.dropFirst(2).prefix(12) } }

    private enum CodingKeys: String, CodingKey {
        case id, event, user, email, subject, provider, detail, session, device, address
        case occurredAt = "occurred_at"
        case userAgent = "user_agent"
        case requestID = "request_id"
    }
}

/// Which events are wanted.
struct AuditQuery: Sendable {
    /// Whose.
    struct Subject: Sendable {
        let reference: UserReference
        /// The address as the trail has it where there is no account; nil for an identifier.
        var key: ThrottleKey?
        /// The same under the `SECRET_KEY` in use before, if that is known.
        var previousKey: ThrottleKey?
    }

    var subject: Subject?
    var event: AuditEventKind?
    /// From this time on.
    var since: Date?
    /// Up to, and without, this time.
    var until: Date?
}

/// A place in the trail: events are read in the order of their times, and of their numbers where these are the same.
struct AuditPlace: Sendable {
    let time: Date
    let id: Int64
}
