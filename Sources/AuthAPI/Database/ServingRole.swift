import PostgresClient

/// The database role that serves requests.
///
/// The owner of the schema creates it, and grants exactly the privileges in `Roles/serving_role.sql`.
struct ServingRole: Sendable {
    /// The role's name.
    let name: String
    private let password: String?
    private let configuration: PostgresConfiguration

    /// Creates the role from the API's connection; throws `PostgresError` when libpq finds no role.
    ///
    /// Name and password are those that libpq uses, also when they are not in the connection string.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let resolved = try PostgresReach.resolve(configuration)
        name = resolved.user
        password = resolved.password
        self.configuration = configuration
    }

    /// Creates the role, or sets its password if it cannot sign in; a role that can is not changed.
    ///
    /// Sends only a verifier of the password (RFC 5803), so that the server's log cannot show it. Throws
    /// `MigrationError.noServingRole` when the connection's role may not do that.
    func ensure(on db: PostgresConnection) throws {
        let exists = try db.one(FindRole(role: name))
        guard !exists || (password != nil && !canConnect) else { return }
        let verifier = try password.map { try db.verifier(ofPassword: $0, role: name) }
        do {
            try db.transaction(retrying: true) { db in
                _ = try db.one(DescribeRole(role: name, verifier: verifier ?? ""))
                if exists { try db.run(SetPassword()) } else { try db.run(CreateRole()) }
            }
        } catch let error as PostgresError where error.sqlState == "42501" {
            throw MigrationError.noServingRole(name: name, exists: exists)
        } catch let error as PostgresError where Self.lostRaces.contains(error.sqlState ?? "") {
            // All databases of a server share its roles: a migrator of another database was faster.
        }
    }

    /// Grants the role the required privileges and revokes all others, in the transaction of the last migration.
    ///
    /// Throws `MigrationError.notOwner` when the connection's role does not own the tables.
    func grant(on db: PostgresConnection) throws {
        _ = try db.one(DescribeRole(role: name, verifier: ""))
        do {
            try db.run(script: PackageResources.serving_role_sql, name: "serving_role.sql")
        } catch  where error.sqlState == "42501" {
            throw MigrationError.notOwner(role: name)
        }
    }

    /// Whether the error is from a race: the role exists, or was changed concurrently.
    private static let lostRaces: Set<String> = ["42710", "23505", "XX000"]

    /// Whether the role can sign in with its current password.
    private var canConnect: Bool {
        do {
            try PostgresReach.connect(configuration)
            return true
        } catch {
            return false
        }
    }
}

private struct FindRole: Statement {
    static let sql: StaticString = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
    let role: String
    var parameters: [PostgresValue] { [.text(role)] }
    static func decode(_ row: PostgresRow) throws -> Bool { try row.bool(0) }
}

/// Stores the name of the role for later statements of the transaction: names cannot be parameters of DDL.
private struct DescribeRole: Statement {
    static let sql: StaticString = """
        SELECT set_config('yoshikosan.serving_role', $1, true), set_config('yoshikosan.serving_verifier', $2, true)
        """
    let role: String
    let verifier: String
    var parameters: [PostgresValue] { [.text(role), .text(verifier)] }
    static func decode(_ row: PostgresRow) throws -> String { try row.text(0) }
}

private struct CreateRole: Statement {
    static let sql: StaticString = """
        DO $$
        DECLARE verifier CONSTANT text := nullif(current_setting('yoshikosan.serving_verifier'), '');
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
                current_setting('yoshikosan.serving_role'), verifier
            );
        END
        $$
        """
}

private struct SetPassword: Statement {
    static let sql: StaticString = """
        DO $$
        BEGIN
            EXECUTE format(
                'ALTER ROLE %I LOGIN PASSWORD %L',
                current_setting('yoshikosan.serving_role'), current_setting('yoshikosan.serving_verifier')
            );
        END
        $$
        """
}

/// Revokes others' access to the default databases of a new server, if this role owns them.
struct ShutOtherDatabases: Statement {
    static let sql: StaticString = """
        DO $$
        DECLARE name text;
        BEGIN
            FOR name IN
                SELECT datname FROM pg_database
                WHERE datname IN ('postgres', 'template1') AND datname <> current_database()
                    AND pg_has_role(datdba, 'USAGE') AND has_database_privilege('public', oid, 'CONNECT')
            LOOP
                EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', name);
            END LOOP;
        END
        $$
        """
}
