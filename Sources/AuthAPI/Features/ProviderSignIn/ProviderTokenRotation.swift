import FoundationEssentials
import PostgresClient
import Shared

/// Encrypts stored provider tokens with the current `SECRET_KEY` (E4), so that the previous key can be deleted.
///
/// A sign-in also encrypts the tokens of its user; this covers the other rows.
struct ProviderTokenRotation: Sendable {
    /// The result.
    struct Report: Sendable, Equatable {
        /// The number of rows encrypted with the current key.
        var rotated = 0
        /// The number of rows that no key decrypts; they are unchanged.
        var unreadable = 0
        /// The number of rows that were current already.
        var current = 0
    }

    let postgres: PostgresPool
    let vault: ProviderTokenVault
    /// The number of rows per transaction.
    var batchSize: Int64 = 100

    /// Processes all rows in batches; can be interrupted at any time and run again.
    func run() async throws -> Report {
        var report = Report()
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        while let batch = try await rotate(after: last) {
            report.rotated += batch.rotated
            report.unreadable += batch.unreadable
            last = batch.last
        }
        let all = try await postgres.withConnection { try $0.one(CountTokens()) }
        report.current = max(0, Int(all) - report.rotated - report.unreadable)
        return report
    }

    /// Processes the rows after the given one; nil if there are no more.
    private func rotate(after last: UUID) async throws -> (rotated: Int, unreadable: Int, last: UUID)? {
        try await postgres.transaction(retrying: true) { db in
            let rows = try db.all(LockOldTokens(version: vault.version, after: last, limit: batchSize))
            guard let end = rows.last?.id else { return nil }
            var rotated = 0
            for row in rows {
                guard let tokens = try resealed(row) else { continue }
                try db.run(ReplaceTokens(id: row.id, tokens: tokens))
                rotated += 1
            }
            return (rotated, rows.count - rotated, end)
        }
    }

    /// The row's tokens encrypted with the current key; nil if no key decrypts them.
    private func resealed(_ row: StoredTokens) throws -> SealedTokens? {
        let access = try row.accessToken.map {
            try vault.reseal($0, version: row.version, for: row.key, in: .accessToken)
        }
        let refresh = try row.refreshToken.map {
            try vault.reseal($0, version: row.version, for: row.key, in: .refreshToken)
        }
        // `.some(nil)`: there is a token that no key decrypts.
        if case .some(nil) = access { return nil }
        if case .some(nil) = refresh { return nil }
        return SealedTokens(
            accessToken: access.flatMap(\.self),
            refreshToken: refresh.flatMap(\.self),
            version: vault.version,
            expiresAt: nil
        )
    }
}
