import FoundationEssentials

/// An audit event, as operators see it.
struct AuditRecord: Sendable, Equatable, Encodable {
    let id: Int64
    /// The time, by the database's clock.
    let occurredAt: Date
    let event: String
    /// The user's UUID in lower case; the account may no longer exist.
    let user: String?
    /// The account's email address, while the account exists.
    let email: String?
    /// The keyed hash of an address without an account, or of the subject of a rate limit, in hexadecimal.
    let subject: String?
    let provider: String?
    /// The reason, the method, or the actor.
    let detail: String?
    let session: String?
    /// The ID of the browser, if it was known for the account.
    let device: String?
    let address: String?
    let userAgent: String?
    let requestID: String?

    /// The sign-in method, and the detail.
    var how: String {
        let byPassword = provider == nil && (event == "signed_in" || event == "registered")
        return [byPassword ? "password" : provider, detail].compactMap(\.self).joined(separator: " ")
    }

    /// The subject in short form: email address, ID, or the beginning of the hash.
    var subjectLabel: String? { email ?? user ?? subject.map { "#" + $0.dropFirst(2).prefix(12) } }

    private enum CodingKeys: String, CodingKey {
        case id, event, user, email, subject, provider, detail, session, device, address
        case occurredAt = "occurred_at"
        case userAgent = "user_agent"
        case requestID = "request_id"
    }
}

/// The selection of audit events.
struct AuditQuery: Sendable {
    /// The user or email address.
    struct Subject: Sendable {
        let reference: UserReference
        /// The key of an address without an account; nil for an ID.
        var key: ThrottleKey?
        /// The key under the previous `SECRET_KEY`, if that is known.
        var previousKey: ThrottleKey?
    }

    var subject: Subject?
    var event: AuditEventKind?
    /// The start time, inclusive.
    var since: Date?
    /// The end time, exclusive.
    var until: Date?
}

/// A position in the trail: events are ordered by time, then by number.
struct AuditPosition: Sendable {
    let time: Date
    let id: Int64
}
