-- Takes back 0013_providers.up.sql. Identities that the version before cannot hold are lost: those at other providers than
-- Google and Discord, and of two with the same name at two issuers the newer one. The trail is never changed.
-- squawk-ignore-file ban-drop-constraint, disallowed-unique-constraint, adding-serial-primary-key-field

ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_provider_form,
    ADD CONSTRAINT audit_events_provider_known CHECK (provider IN ('google', 'discord')) NOT VALID;

DELETE FROM disconnected_identities WHERE provider NOT IN ('google', 'discord');
DELETE FROM disconnected_identities AS newer USING disconnected_identities AS older
WHERE (newer.provider, newer.provider_user_id, newer.user_id) = (older.provider, older.provider_user_id, older.user_id)
    AND (newer.created_at, newer.issuer) > (older.created_at, older.issuer);
ALTER TABLE disconnected_identities
    DROP CONSTRAINT disconnected_identities_pkey,
    ADD CONSTRAINT disconnected_identities_pkey PRIMARY KEY (provider, provider_user_id, user_id),
    DROP CONSTRAINT disconnected_identities_provider_form,
    ADD CONSTRAINT disconnected_identities_provider_known CHECK (provider IN ('google', 'discord')),
    DROP COLUMN issuer;

DELETE FROM oauth_accounts WHERE provider NOT IN ('google', 'discord');
DELETE FROM oauth_accounts AS newer USING oauth_accounts AS older
WHERE (newer.provider, newer.provider_user_id) = (older.provider, older.provider_user_id)
    AND (newer.created_at, newer.id) > (older.created_at, older.id);
ALTER TABLE oauth_accounts
    DROP CONSTRAINT oauth_accounts_identity_key,
    ADD CONSTRAINT oauth_accounts_identity_key UNIQUE (provider, provider_user_id),
    DROP CONSTRAINT oauth_accounts_provider_form,
    ADD CONSTRAINT oauth_accounts_provider_known CHECK (provider IN ('google', 'discord')),
    DROP COLUMN issuer;
