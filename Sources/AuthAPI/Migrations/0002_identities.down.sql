-- Takes back 0002_identities.up.sql, with the addresses of provider accounts.
CREATE INDEX oauth_accounts_user_id_idx ON oauth_accounts (user_id);
DROP INDEX oauth_accounts_user_provider_key;
ALTER TABLE oauth_accounts DROP COLUMN email;
