import Testing

@testable import AuthAPI
@testable import PostgresClient

/// W52, W55: A schema that someone changed after the migrations is reported.
@Suite struct SchemaShapeTests {
    @Test("W52: The lists of tables, columns and unique indexes are those of a migrated database")
    func lists() async throws {
        #expect(SchemaShape.tables.map(\.name).sorted() == Migrations.all.flatMap(\.tables).sorted())
        try await TestDatabase.with { database in
            for (table, columns) in SchemaShape.tables {
                let found = try await database.sql(
                    """
                    SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = '\(table)'::regclass AND attnum > 0 AND NOT attisdropped
                    """
                )
                #expect(found == columns)
            }
            let indexes = try await database.sql(
                """
                SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
                WHERE indisunique AND relnamespace = 'public'::regnamespace AND relname <> 'yoshikosan_schema_migrations'
                """
            )
            let found = try #require(indexes).split(separator: " ").map(String.init)
            #expect(found.sorted() == (SchemaShape.signInIndexes.keys + SchemaShape.otherIndexes).sorted())
            let keys = try await database.sql(
                "SELECT string_agg(conrelid::regclass || '.' || conname, ' ') FROM pg_constraint WHERE contype = 'f'"
            )
            let foreignKeys = try #require(keys).split(separator: " ").map(String.init)
            #expect(foreignKeys.sorted() == SchemaShape.foreignKeyCommands.keys.sorted())
        }
    }

    @Test("W52: An index that sign-ins require is created by the printed command")
    func indexes() async throws {
        try await TestDatabase.with { database in
            try await database.sql(
                "ALTER TABLE throttles DROP CONSTRAINT throttles_pkey; DROP INDEX audit_events_subject_key"
            )
            let changes = try await Self.changes(of: database)
            #expect(changes.map(\.name).sorted() == SchemaShape.signInIndexes.keys.sorted())
            for change in changes { try await database.sql(change.fault.fix) }
            #expect(try await Self.changes(of: database).isEmpty)
        }
    }

    @Test("W52: `migrate up` on a current schema with a missing table names it, and not another `migrate up`")
    func migrating() async throws {
        try await TestDatabase.with { database in
            try await database.sql("ALTER TABLE throttles RENAME TO elsewhere")
            let serving = try PostgresConfiguration(url: try #require(database.servingURL))
            let roles = DatabaseRoles(serving: serving, owner: database.configuration)
            let error = await #expect(throws: MigrationError.self) {
                try await roles.migrator(logger: TestDatabase.silentLogger).up()
            }
            let text = error?.description ?? ""
            #expect(text.contains("relation \"throttles\" does not exist (SQLSTATE 42P01)"), "\(text)")
            #expect(!text.contains("migrate up") && error?.isRepairable == true)
        }
    }

    @Test("W52: A renamed column is reported once, under its former name")
    func renamedColumn() async throws {
        try await TestDatabase.with { database in
            try await database.sql("ALTER TABLE users RENAME COLUMN name TO full_name")
            #expect(
                try await Self.changes(of: database) == [
                    SchemaChange(kind: .missingColumn, name: "name", table: "users")
                ]
            )
        }
    }

    @Test("W52: A column of a type that statements cannot read is reported, and commands name it")
    func changedType() async throws {
        try await TestDatabase.with { database in
            try await database.sql("CREATE DOMAIN short AS varchar(200)")
            try await database.sql("ALTER TABLE users ALTER COLUMN name TYPE short")
            #expect(try await Self.changes(of: database).isEmpty)
            try await database.sql(
                """
                INSERT INTO users (id, email, name) VALUES (gen_random_uuid(), 'ada@example.com', 'Ada');
                ALTER TABLE users ALTER COLUMN created_at TYPE timestamp
                """
            )
            let change = SchemaChange(kind: .changedType, name: "created_at", table: "users")
            #expect(try await Self.changes(of: database) == [change])
            #expect(try await database.pool.reading { try Readiness.of($0) } == .unusable)
            let error = await #expect(throws: PostgresError.self) {
                _ = try await OperatorStore(postgres: database.pool).users(PageRequest(limit: 1, after: nil))
            }
            let found = try #require(error)
            #expect(found.isUnusableDatabase)
            #expect(CommandEnding(of: found)?.explanation.contains("\"created_at\"") == true)
        }
    }

    private static func changes(of database: TestDatabase) async throws -> [SchemaChange] {
        try await database.pool.reading { try SchemaChange.all($0) }
    }
}
