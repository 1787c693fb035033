-- Providers are what the settings say: the lists of two names become a pattern, and the issuer is stored, so that another
-- issuer under the same key inherits no identity.
--
-- The new constraints are weaker than the former ones, which no statement names. Building the two indexes locks tables with
-- a row for each linked account: seconds for a million.
-- squawk-ignore-file ban-drop-constraint, disallowed-unique-constraint, adding-serial-primary-key-field

-- The issuer, or base address, of the provider when the identity was linked. Empty in rows of older versions; the server
-- stores it after it has started.
ALTER TABLE oauth_accounts
    ADD COLUMN issuer text NOT NULL DEFAULT '',
    ADD CONSTRAINT oauth_accounts_issuer_length CHECK (octet_length(issuer) <= 512),
    DROP CONSTRAINT oauth_accounts_provider_known,
    ADD CONSTRAINT oauth_accounts_provider_form CHECK (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
    DROP CONSTRAINT oauth_accounts_identity_key,
    ADD CONSTRAINT oauth_accounts_identity_key UNIQUE (provider, provider_user_id, issuer);

ALTER TABLE disconnected_identities
    ADD COLUMN issuer text NOT NULL DEFAULT '',
    ADD CONSTRAINT disconnected_identities_issuer_length CHECK (octet_length(issuer) <= 512),
    DROP CONSTRAINT disconnected_identities_provider_known,
    ADD CONSTRAINT disconnected_identities_provider_form CHECK (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
    DROP CONSTRAINT disconnected_identities_pkey,
    ADD CONSTRAINT disconnected_identities_pkey PRIMARY KEY (provider, provider_user_id, user_id, issuer);

-- Not validated, so that no lock is held while a long trail is read: both former names fit.
ALTER TABLE audit_events
    DROP CONSTRAINT audit_events_provider_known,
    ADD CONSTRAINT audit_events_provider_form CHECK (provider ~ '^[a-z][a-z0-9_]{0,31}$') NOT VALID;
