import PostgresClient

/// The database role that serves requests.
///
/// The owner of the schema creates it, and grants exactly the privileges in `Roles/serving_role.sql`.
struct ServingRole: Sendable {
    /// The role's name.
    private(set) var name: String
    private let password: String?
    private let configuration: PostgresConfiguration

    /// Creates the role from the API's connection; throws `PostgresError` when libpq finds no role.
    ///
    /// Name and password are those that libpq uses, even if they are not in the connection string.
    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let resolved = try PostgresReach.resolve(configuration)
        name = resolved.user
        password = resolved.password
        self.configuration = configuration
    }

    /// Creates the role, or sets its password if it has NOLOGIN or the server rejects the password; any other role is
    /// not changed.
    ///
    /// Sends only a verifier of the password (RFC 5803), so that the server's log cannot show it. Throws
    /// `MigrationError.noServingRole` when the server does not let the connection's role do that.
    ///
    /// - Returns: the role of the sessions, which `ALTER ROLE … SET role` or a pooler can make another one.
    func ensured(on db: PostgresConnection) throws -> ServingRole {
        let refusal: PostgresError
        do throws(PostgresError) {
            var role = self
            role.name = try PostgresReach.sessionRole(of: configuration)
            return role
        } catch {
            refusal = error
        }
        let mayLogIn = try db.first(FindRole(role: name))
        let exists = mayLogIn != nil
        guard !exists || (password != nil && (mayLogIn == false || Self.isPasswordRejected(refusal))) else {
            return self
        }
        let verifier = try password.map { try db.verifier(ofPassword: $0, role: name) }
        do {
            try db.transaction(retrying: true) { db in
                _ = try db.one(DescribeRole(role: name, verifier: verifier ?? ""))
                if exists { try db.run(SetPassword()) } else { try db.run(CreateRole()) }
            }
        } catch let error as PostgresError where error.kind == .rejected && !error.isUnavailable {
            // All databases of a server share its roles: a migrator of another database may have been faster. Hosts and
            // extensions that reject a verifier, or a role, use any code.
            let isRace = Self.lostRaces.contains(error.sqlState ?? "")
            guard isRace, try db.first(FindRole(role: name)) != nil else {
                let reason = "\(error.detail) (SQLSTATE \(error.sqlState ?? ""))"
                throw MigrationError.noServingRole(name: name, exists: exists, reason: reason)
            }
        }
        return self
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

    /// Whether the server, or a pooler (08P01), rejects the password.
    ///
    /// A new password does not help against other rejections: CONNECT is revoked, all connections are in use, a rule of
    /// pg_hba.conf.
    static func isPasswordRejected(_ error: PostgresError) -> Bool {
        let rejections = ["authentication failed", "login failed", "login rejected", "no such user"]
        return error.sqlState == "28P01"
            || (error.sqlState == "08P01" && rejections.contains { error.detail.contains($0) })
    }
}

/// Selects whether the role has LOGIN.
private struct FindRole: Statement {
    static let sql: StaticString = "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1"
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
        DECLARE
            serving CONSTANT text := current_setting('yoshikosan.serving_role');
            -- PostgreSQL reports an expired password as a wrong one.
            validity CONSTANT text := CASE
                WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = serving AND rolvaliduntil <= now())
                THEN 'VALID UNTIL ''infinity''' ELSE '' END;
        BEGIN
            EXECUTE format(
                'ALTER ROLE %I LOGIN PASSWORD %L %s', serving, current_setting('yoshikosan.serving_verifier'), validity
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
