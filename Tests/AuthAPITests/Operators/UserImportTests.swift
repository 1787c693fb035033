import Foundation
import Shared
import Testing

@testable import AuthAPI

/// Importing users from files.
@Suite struct UserImportTests {
    private static let bcrypt = "$2y$05$abcdefghijklmnopqrstuuprk/rqhgcPTYTHLq52sX1mIsVNYyi5u"
    private static let argon2 =
        "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHRzb21lc2FsdA$yt9eX71drlOAt7lvKEfiLj+QrnS7wRuBsCWaq8GD6xQ"

    /// The result of an import.
    private struct Result: Sendable {
        var counts = UserImport.Counts()
        var lines: [String] = []
    }

    private func run(
        _ text: String,
        _ format: ImportFormat = .csv,
        dryRun: Bool = false,
        on operators: Operators
    ) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)").path()
        try Data(text.utf8).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        return try await operators.run { service in
            var result = Result()
            result.counts = try await UserImport(store: service.imports, isDryRun: dryRun).run(
                ImportReader(path: file, format: format),
                report: { result.lines.append("\($0.line): \($0.error)") },
                progress: { _, _ in }
            )
            return result
        }
    }

    @Test("Users with each kind of hash can sign in, and then have a hash with the current cost")
    func signIn() async throws {
        try await TestAPI.with { api in
            let operators = Operators(database: api.database)
            let digest = "bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuuuCm3bUb9WiBOuPzf2MrmOszHEXAW6zO"
            let hashes = [
                Self.bcrypt, Self.bcrypt.replacing("$2y$", with: "$2a$"), Self.bcrypt.replacing("$2y$", with: "$2b$"),
                Self.argon2, "argon2" + Self.argon2, "bcrypt$" + Self.bcrypt, digest,
            ]
            let rows = hashes.enumerated().map { "user\($0)@example.com,User \($0),\"\($1)\"" }
            let text = (["email,name,password_hash"] + rows).joined(separator: "\r\n")
            let result = try await run(text, on: operators)
            #expect(result.lines == [])
            #expect(result.counts == UserImport.Counts(imported: hashes.count))
            for index in hashes.indices {
                let body = ["email": "user\(index)@example.com", "password": "Correct-Horse-7"]
                let response = try await api.client().post(APIPath.login, body)
                #expect(response.status == 200, "\(hashes[index])")
                let other = body.merging(["password": "Wrong-Horse-7"]) { $1 }
                let wrong = try await api.client().post(APIPath.login, other)
                #expect(wrong.status == 401)
            }
            let upgraded = "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=8192,t=1,p=1$%'"
            #expect(try await api.database.sql(upgraded) == "\(hashes.count)")
            let events = "SELECT count(*) FROM audit_events WHERE event = 'user_created' AND detail = 'by_import'"
            #expect(try await api.database.sql(events) == "\(hashes.count)")
        }
    }

    @Test("Every field is stored; the default name is the local part of the email address")
    func fields() async throws {
        try await Operators.with { operators in
            let id = "01890a5d-ac96-474b-bcce-b302099a8057"
            let text = """
                \u{FEFF}{"id":"\(id)","email":"Ada@Example.com","name":"Ada \\"L\\"","email_verified":true,"created_at":"2020-05-01"}

                {"email":"eve@example.com","name":null,"disabled":"true","password_hash":"","email_verified":false}
                """
            let result = try await run(text, .jsonl, on: operators)
            #expect(result.lines == [] && result.counts.imported == 2)
            let rows = try await operators.database.sql(
                """
                SELECT string_agg(concat_ws('|', email, name, email_verified_at IS NOT NULL, disabled_at IS NOT NULL,
                    password_hash IS NULL, created_at::date = '2020-05-01'), ' ' ORDER BY email) FROM users
                """
            )
            #expect(rows == #"ada@example.com|Ada "L"|t|f|t|t eve@example.com|eve|f|t|t|f"#)
            #expect(try await operators.database.sql("SELECT id FROM users WHERE email = 'ada@example.com'") == id)
        }
    }

    @Test("Each kind of fault is reported with line and field, and the other rows are imported")
    func faults() async throws {
        try await Operators.with { operators in
            _ = try await operators.addUsers(["taken@example.com"])
            let long = String(repeating: "n", count: 201)
            let text = """
                email,name,password_hash,email_verified,id,created_at
                good@example.com,"Good, ""G"" G",,,,
                two@example.com,"two
                lines",,,,
                ,Nobody,,,,
                nonsense,Nobody,,,,
                a@example.com,\(long),,,,
                b@example.com,B,hunter2,,,
                c@example.com,C,$2b$16$abcdefghijklmnopqrstuuprk/rqhgcPTYTHLq52sX1mIsVNYyi5u,,,
                d@example.com,D,,perhaps,,
                e@example.com,E,,,not-a-uuid,
                f@example.com,F,,,,yesterday
                g@example.com,G,,,,2999-01-01
                h@example.com,H
                i"@example.com,I,,,,
                GOOD@example.com,Again,,,,
                taken@example.com,Taken,\(Self.bcrypt),,,
                j@example.com,J,,,,
                k@example.com,"K,,,,
                """
            let result = try await run(text, on: operators)
            #expect(
                result.lines == [
                    "3: name: The name must not contain control or direction characters.",
                    "5: email: is required",
                    "6: email: Enter an email address like name@example.com. It has no “@”.",
                    "7: name: The name may have at most 200 characters.",
                    "8: password_hash: is neither a bcrypt nor an Argon2id hash; omit it to import the user without a password",
                    "9: password_hash: is not a complete bcrypt hash, or its cost is not from 4 to 15",
                    "10: email_verified: must be true or false",
                    "11: id: is not a UUID",
                    "12: created_at: is not a date or a time like 2026-11-01T08:30:00Z",
                    "13: created_at: is in the future",
                    "14: the row has 2 fields and the header 6",
                    "15: a double quote is not allowed here: write it twice, inside a quoted field",
                    "16: email: line 2 has the same address",
                    "17: email: another user has this address",
                    "19: a double quote is not closed",
                ],
                "\(result.lines.joined(separator: "\n"))"
            )
            #expect(result.counts == UserImport.Counts(imported: 2, present: 0, rejected: 15))
            let names = try await operators.database.sql(
                "SELECT string_agg(email, ' ' ORDER BY email) FROM users WHERE email <> 'taken@example.com'"
            )
            #expect(names == "good@example.com j@example.com")
        }
    }

    @Test("JSON other than objects of strings, and unknown fields, are reported")
    func jsonFaults() async throws {
        try await Operators.with { operators in
            let text = #"""
                {"email": "a@example.com"
                ["a@example.com"]
                {"email": 7}
                {"email": true}
                {"email": "b@example.com", "password": "secret"}
                {"email": "c@example.com", "name": {"first": "C"}}
                {"email": "e@example.com", "email": "f@example.com"}
                {"email": "d@example.com"}
                """#
            let result = try await run(text, .jsonl, on: operators)
            let shape = "the line is not a JSON object of strings, true, false and null"
            #expect(
                result.lines == [
                    "1: \(shape)", "2: \(shape)", "3: \(shape)", "4: email: must be a string",
                    "5: there is no field \"password\"; the fields are \(ImportRow.Field.names)", "6: \(shape)",
                    "7: \(shape)",
                ]
            )
            #expect(result.counts == UserImport.Counts(imported: 1, present: 0, rejected: 7))
        }
    }

    @Test(
        "A missing header, duplicate columns and unknown columns stop the import before it starts",
        arguments: [
            ("", "the file is empty"), ("name,id\nA,", "including email"), ("email,email\n", "occurs twice"),
            ("email,passwort\n", "there is no field \"passwort\""), ("\"email\n", "a double quote is not allowed here"),
        ]
    )
    func headers(text: String, reason: String) async throws {
        try await Operators.with { operators in
            let error = await #expect(throws: ImportRow.Fault.self) { _ = try await run(text, on: operators) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }

    @Test("A dry run reports the same and stores nothing; the same file again counts its users as present")
    func again() async throws {
        try await Operators.with { operators in
            let rows = (1...2500).map { "user\($0)@example.com,\(Self.bcrypt)" }
            let text = (["\u{FEFF}email,password_hash"] + rows + ["nonsense,"]).joined(separator: "\n")
            let dry = try await run(text, dryRun: true, on: operators)
            #expect(dry.counts == UserImport.Counts(imported: 2500, present: 0, rejected: 1))
            #expect(try await operators.database.sql("SELECT count(*) FROM users") == "0")
            // As after an interruption: some users exist.
            let part = (["email,password_hash"] + rows.prefix(1200)).joined(separator: "\n")
            _ = try await run(part, on: operators)
            let rest = try await run(text, on: operators)
            #expect(rest.counts == UserImport.Counts(imported: 1300, present: 1200, rejected: 1))
            #expect(rest.lines == dry.lines)
            let once = try await run(text, dryRun: true, on: operators)
            #expect(once.counts == UserImport.Counts(imported: 0, present: 2500, rejected: 1))
            #expect(try await operators.database.sql("SELECT count(*) FROM users") == "2500")
        }
    }

    @Test("A user with the ID of the row is present, also with another hash; one with another ID is not")
    func identifiers() async throws {
        try await Operators.with { operators in
            let row = { (id: UUID) in "id,email,password_hash\n\(id),a@example.com,\(Self.bcrypt)" }
            let id = UUID()
            _ = try await run(row(id), on: operators)
            for dryRun in [true, false] {
                // Otherwise its application would identify the user by an ID that does not exist here.
                let other = try await run(row(UUID()), dryRun: dryRun, on: operators)
                #expect(other.lines == ["2: email: another user has this address"])
            }
            // As after the first sign-in.
            _ = try await operators.database.sql("UPDATE users SET password_hash = '\(Self.argon2)'")
            for dryRun in [true, false] {
                let again = try await run(row(id), dryRun: dryRun, on: operators)
                #expect(again.counts == UserImport.Counts(imported: 0, present: 1, rejected: 0))
            }
            let withoutID = try await run("email,password_hash\na@example.com,\(Self.bcrypt)", on: operators)
            #expect(withoutID.lines == ["2: email: another user has this address"])
            #expect(try await operators.database.sql("SELECT password_hash FROM users") == Self.argon2)
        }
    }

    @Test("An export can be imported, with IDs and hashes")
    func roundTrip() async throws {
        try await Operators.with { source in
            _ = try await run(
                "email,name,password_hash\na@example.com,A,\"\(Self.argon2)\"\nb@example.com,B,",
                on: source
            )
            let lines = try await source.run { service in
                var lines: [String] = []
                try await service.exportAll(withPasswordHashes: true) { lines += try $0.map(JSONText.line) }
                return lines
            }
            let columns =
                "SELECT string_agg(concat_ws('|', id, email, name, password_hash), ' ' ORDER BY id) FROM users"
            let before = try await source.database.sql(columns)
            try await Operators.with { target in
                let result = try await run(lines.joined(separator: "\n"), .jsonl, on: target)
                #expect(result.counts.imported == 2)
                #expect(try await target.database.sql(columns) == before)
            }
            let plain = try await source.run { service in
                var lines: [String] = []
                try await service.exportAll(withPasswordHashes: false) { lines += try $0.map(JSONText.line) }
                return lines.joined()
            }
            #expect(!plain.contains("argon2"))
        }
    }

    @Test("A line that is too long is reported, and the following lines are read")
    func longLine() async throws {
        try await Operators.with { operators in
            let long = "a@example.com," + String(repeating: "x", count: ImportSource.maximumLineLength)
            let quoted = "b@example.com,\"" + String(repeating: "x\n", count: ImportSource.maximumLineLength / 2)
            let result = try await run("email,name\n\(long)\nc@example.com,C\n\(quoted)", on: operators)
            #expect(result.lines.first == "2: the row has more than 65536 bytes")
            #expect(result.counts.imported == 1)
        }
    }

    @Test("Progress is a bar on a terminal, otherwise a line for each tenth")
    func progress() {
        var bar = ImportProgress(total: 1000, isTerminal: true)
        #expect(bar.update(rows: 10, bytes: 500) == "\r[##########          ] 50 %  10 rows")
        #expect(bar.update(rows: 11, bytes: 501) == nil)
        var lines = ImportProgress(total: 1000, isTerminal: false)
        #expect(lines.update(rows: 1, bytes: 150) == "15 %, 1 rows")
        #expect(lines.update(rows: 2, bytes: 190) == nil)
        #expect(lines.update(rows: 3, bytes: 200) == "20 %, 3 rows")
        var pipe = ImportProgress(total: nil, isTerminal: false)
        #expect(pipe.update(rows: 1000, bytes: 1) == "1000 rows")
        #expect(pipe.update(rows: 9000, bytes: 1) == nil)
        #expect(pipe.update(rows: 10_000, bytes: 1) == "10000 rows")
    }
}
