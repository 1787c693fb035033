import Foundation
import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W91: The doctor's findings about backups.
@Suite struct BackupStatusTests {
    private static let now = Date(timeIntervalSince1970: 1_764_288_000)

    private static func finding(backup: Double?, drill: Double?) -> Finding {
        BackupStatus(
            backup: backup.map { now.addingTimeInterval(-$0 * 3600) },
            drill: drill.map { now.addingTimeInterval(-$0 * 3600) }
        ).finding(now: now)
    }

    @Test(
        "W91 An old backup is a problem; an old or missing drill is a note",
        arguments: [
            (5.5, 1.2, Finding.Level.ok, "the last backup succeeded 5 hours ago, the last restore drill 1 hour ago"),
            (47, 49, .ok, "the last backup succeeded 47 hours ago, the last restore drill 2 days ago"),
            (-1, 0, .ok, "the last backup succeeded 0 hours ago, the last restore drill 0 hours ago"),
            (1, 721, .note, "the last backup succeeded 1 hour ago, the last restore drill 30 days ago"),
            (1, nil, .note, "the last backup succeeded 1 hour ago, no restore drill has succeeded"),
            (73, 73, .fix, "the last backup succeeded 3 days ago"),
            (nil, nil, .note, "none has been recorded"),
        ] as [(Double?, Double?, Finding.Level, String)]
    )
    func judgement(backup: Double?, drill: Double?, level: Finding.Level, message: String) {
        let finding = Self.finding(backup: backup, drill: drill)
        #expect(finding.level == level)
        #expect(finding.message == message)
        #expect((finding.advice == nil) == (level == .ok))
    }

    @Test("W91 The serving role reads the status and cannot change it")
    func privileges() async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await database.sql("INSERT INTO backup_status VALUES ('backup', now() - interval '3 days')")
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            let found = try await DatabaseHealthTests.findings(serving)
            let finding = try #require(found.first { $0.subject == "backups" })
            #expect(finding.level == .fix)
            await #expect(throws: PostgresError.self) {
                try await TestSQL.run("UPDATE backup_status SET succeeded_at = now()", on: serving)
            }
        }
    }
}
