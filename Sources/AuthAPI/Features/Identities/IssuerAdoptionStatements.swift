import PostgresClient
import Shared

/// Stores the issuer of identities.
struct AdoptIdentities: Statement {
    static let sql: StaticString = """
        UPDATE oauth_accounts SET issuer = $2 WHERE id IN (
            SELECT id FROM oauth_accounts AS old WHERE provider = $1 AND issuer = '' AND NOT EXISTS (
                SELECT FROM oauth_accounts WHERE provider = $1 AND provider_user_id = old.provider_user_id AND issuer = $2
            ) LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        """
    let provider: OAuthProvider
    let issuer: String
    var parameters: [PostgresValue] {
        [.text(provider.rawValue), .text(issuer), .int8(IssuerAdoption.batchSize)]
    }
}

/// Stores the issuer of disconnected identities.
struct AdoptDisconnections: Statement {
    // The serving role may insert and delete these rows, but not update them.
    static let sql: StaticString = """
        WITH found AS MATERIALIZED (
            SELECT provider_user_id, user_id FROM disconnected_identities AS old
            WHERE provider = $1 AND issuer = '' AND NOT EXISTS (
                SELECT FROM disconnected_identities WHERE provider = $1 AND provider_user_id = old.provider_user_id
                    AND user_id = old.user_id AND issuer = $2
            ) LIMIT $3
        ),
        gone AS (
            DELETE FROM disconnected_identities AS old USING found
            WHERE old.provider = $1 AND old.issuer = '' AND old.provider_user_id = found.provider_user_id
                AND old.user_id = found.user_id
            RETURNING old.provider_user_id, old.user_id, old.created_at
        )
        INSERT INTO disconnected_identities (provider, provider_user_id, user_id, issuer, created_at)
        SELECT $1, provider_user_id, user_id, $2, created_at FROM gone ON CONFLICT DO NOTHING
        """
    let provider: OAuthProvider
    let issuer: String
    var parameters: [PostgresValue] {
        [.text(provider.rawValue), .text(issuer), .int8(IssuerAdoption.batchSize)]
    }
}
