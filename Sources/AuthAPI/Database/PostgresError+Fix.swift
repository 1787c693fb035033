import PostgresClient

extension PostgresError {
    /// How to fix the reason for a refused connection; nil if unknown.
    func connectionFix(role: String?, database: String?) -> String? {
        let role = SQLName.identifier(role ?? "ROLE")
        let database = database.map(SQLName.identifier)
        return switch sqlState {
        case "28P01":
            // The server reports an expired password as a wrong one.
            "correct the password in the settings, or set it: ALTER ROLE \(role) PASSWORD '…' VALID UNTIL 'infinity'"
        case "28000":
            "let the role sign in from here: ALTER ROLE \(role) LOGIN if it exists, otherwise CREATE ROLE \(role) LOGIN "
                + "PASSWORD '…'; or a line in pg_hba.conf and SELECT pg_reload_conf()"
        case "3D000":
            "correct the database in the settings, or run: CREATE DATABASE \(database ?? "NAME") OWNER \(role)"
        // The detail has the name of the privilege; a role or setting in `options` can be refused as well.
        case "42501" where detail.contains("CONNECT"): "GRANT CONNECT ON DATABASE \(database ?? "NAME") TO \(role)"
        case "08P01" where detail.contains("statement pooling"): "set pool_mode = transaction in PgBouncer"
        case "08P01" where detail.contains("PQexec"): "set disable_pqexec = 0 in PgBouncer"
        case "53300": "raise max_connections or the CONNECTION LIMIT of role or database, or lower DATABASE_POOL_SIZE"
        case "55000":
            "let a restore that is running finish, or run: ALTER DATABASE \(database ?? "NAME") ALLOW_CONNECTIONS true"
        case nil where isWrongServer: "name every server, including the primary, or correct target_session_attrs"
        case nil where detail.contains("certificate"):
            "correct the host, sslmode or sslrootcert in the settings, or the certificate of the server"
        case nil where detail.contains("SSL"): "correct sslmode and sslrootcert in the settings, or ssl on the server"
        default: nil
        }
    }
}
