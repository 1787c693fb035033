import ArgumentParser
import Testing

@testable import AuthAPI

/// W77: Reverting a migration asks for confirmation.
@Suite struct MigrateDownTests {
    private var migration: Migration { Migrations.all[3] }

    private func status(_ result: Result<String?, any Error>) -> Int32? {
        if case .failure(let error as ExitCode) = result { error.rawValue } else { nil }
    }

    @Test("W77: The question names what is deleted, and only the migration's name confirms it")
    func asks() async throws {
        let migration = migration
        for (answer, expected) in [("audit_events\n", nil), ("yes\n", 1), ("\n", 1), ("\u{4}", 1)] as [(String, Int32?)]
        {
            let terminal = try TestTerminal()
            let (result, seen) = try await terminal.run(answering: [answer]) {
                try MigrateCommand.Down.confirm(migration, isAgreed: false, at: $0)
                return nil
            }
            #expect(status(result) == expected, "\(answer)")
            #expect(seen.contains("migration 4, audit_events") && seen.contains("DROP TABLE audit_events"))
        }
    }

    @Test("W77: --yes does not ask; without it and without a terminal nothing happens")
    func withoutTerminal() async throws {
        let nobody = Terminal(input: -1, output: -1)
        try MigrateCommand.Down.confirm(migration, isAgreed: true, at: nobody)
        try Operator.requireAnswer(isAgreed: true, at: nobody)
        let rejected = #expect(throws: ExitCode.self) { try Operator.requireAnswer(isAgreed: false, at: nobody) }
        #expect(rejected?.rawValue == 64)
        #expect(try MigrateCommand.Down.parse(["--yes"]).yes)
        #expect(try !MigrateCommand.Down.parse([]).yes)
    }

    @Test("W77: Only the migration that was shown is reverted")
    func changedMeanwhile() async throws {
        try await TestDatabase.with { database in
            let migrator = Migrator(database.configuration, logger: TestDatabase.silentLogger)
            let newest = try await migrator.newest()
            #expect(newest.version == Migrations.all.last?.version)
            let rejection = MigrationError.changedMeanwhile
            await #expect(throws: rejection) { try await migrator.down(expecting: newest.version - 1) }
            #expect(try await migrator.down(expecting: newest.version).version == newest.version)
        }
    }
}
