import FoundationEssentials
import Shared

/// A valid user from a row, in the stored form.
struct ImportedUser: Sendable, Equatable, Encodable {
    let id: String
    /// Whether the row has an ID; otherwise the ID is random.
    let hasID: Bool
    let email: String
    let name: String
    let passwordHash: String?
    let emailVerified: Bool
    let disabled: Bool
    let createdAt: String?

    private enum CodingKeys: String, CodingKey {
        case id, email, name, disabled
        case hasID = "has_id"
        case passwordHash = "password_hash"
        case emailVerified = "email_verified"
        case createdAt = "created_at"
    }

    /// Validates a row by the rules of registration.
    ///
    /// A missing name becomes the local part of the email address; the creation time cannot be in the future.
    init(_ row: ImportRow, now: Date) throws(ImportRow.Fault) {
        guard let email = row.values[.email] else { throw ImportRow.Fault(.email, "is required") }
        do throws(RuleViolation) {
            self.email = try EmailAddress(email).value
        } catch {
            throw ImportRow.Fault(.email, error.detail)
        }
        do throws(RuleViolation) {
            let local = String(decoding: self.email.utf8.prefix { $0 != UInt8(ascii: "@") }, as: UTF8.self)
            name = try DisplayName(row.values[.name] ?? local).value
        } catch {
            throw ImportRow.Fault(.name, error.detail)
        }
        if let text = row.values[.id] {
            guard let id = UUID(uuidString: text) else { throw ImportRow.Fault(.id, "is not a UUID") }
            self.id = id.lowercaseText
            hasID = true
        } else {
            id = UserID.random().lowercaseText
            hasID = false
        }
        if let text = row.values[.passwordHash] {
            do throws(ImportedHash.Fault) {
                passwordHash = try ImportedHash(text).stored
            } catch {
                throw ImportRow.Fault(.passwordHash, error.reason)
            }
        } else {
            passwordHash = nil
        }
        emailVerified = try Self.flag(row, .emailVerified)
        disabled = try Self.flag(row, .disabled)
        if let text = row.values[.createdAt] {
            guard let time = OperatorTime(text, now: now) else {
                throw ImportRow.Fault(.createdAt, "is not a date or a time like 2026-11-01T08:30:00Z")
            }
            guard time.date <= now else { throw ImportRow.Fault(.createdAt, "is in the future") }
            createdAt = time.date.ISO8601Format()
        } else {
            createdAt = nil
        }
    }

    private static func flag(_ row: ImportRow, _ field: ImportRow.Field) throws(ImportRow.Fault) -> Bool {
        switch row.values[field]?.lowercased() {
        case nil, "false", "f", "no", "0": return false
        case "true", "t", "yes", "1": return true
        default: throw ImportRow.Fault(field, "must be true or false")
        }
    }
}
