import PostgresClient

/// The database role that serves requests, as the role that owns the schema sees it: made when missing, and given just
/// the rights that `Roles/serving_role.sql` lists.
struct ServingRole: Sendable {
    /// The role's name.
    let name: String
    private let password: String?
    private let configuration: PostgresConfiguration

    /// Takes how the API connects; throws `PostgresError` when libpq knows no role.
    ///
    /// Name and password are those that libpq takes, whether or not the connection string has them.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let resolved = try PostgresReach.resolve(configuration)
        name = resolved.user
        password = resolved.password
        self.configuration = configuration
    }

    /// Makes the role, or sets its password when it cannot sign in; a role that can is left alone.
    ///
    /// Only a verifier of the password is sent (RFC 5803), so that no log of the server can show it. Throws
    /// `MigrationError.noServingRole` when the connection's own role may not do that.
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
            // Roles belong to all databases of a server: a migrator of another one was faster.
        }
    }

    /// Gives the role the rights it needs and takes all others; inside the transaction of the last migration.
    ///
    /// Throws `MigrationError.notOwner` when the connection's own role does not own the tables.
    func grant(on db: PostgresConnection) throws {
        _ = try db.one(DescribeRole(role: name, verifier: ""))
        do {
            try db.run(script: PackageResources.serving_role_sql, name: "serving_role.sql")
        } catch  where error.sqlState == "42501" {
            throw MigrationError.notOwner(role: name)
        }
    }

    /// What the loser of a race gets: the role exists, or was changed by another.
    private static let lostRaces: Set<String> = ["42710", "23505", "XX000"]

    /// Whether the role can sign in with the password that is set.
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

/// Tells the statements that follow in the transaction which role is meant: names cannot be parameters of DDL.
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

/// Shuts the databases that every new server has, where this role owns them, to all others.
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
