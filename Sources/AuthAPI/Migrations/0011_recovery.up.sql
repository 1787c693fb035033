-- One-time links for users who have forgotten their password, and their event.

-- When the browsers of a user stopped to be known; NULL while they never did.
ALTER TABLE users ADD COLUMN devices_known_since timestamptz;

-- The one live link of a user; a newer one takes its place.
CREATE TABLE password_recoveries (
    user_id uuid CONSTRAINT password_recoveries_pkey PRIMARY KEY
        CONSTRAINT password_recoveries_user_id_fkey REFERENCES users ON DELETE CASCADE,
    -- A keyed hash of the code (HMAC-SHA256): the table lets nobody set a password.
    code_hash bytea NOT NULL CONSTRAINT password_recoveries_code_hash_key UNIQUE,
    keeps_providers boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT password_recoveries_code_hash_length CHECK (octet_length(code_hash) = 32),
    CONSTRAINT password_recoveries_expires_later CHECK (expires_at > created_at)
);

-- Not validated, so that no lock is held while a long trail is read: the former list was a part of this one.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_event_known;
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted',
        'password_changed', 'confirmation_failed', 'reauthenticated', 'name_changed', 'data_downloaded',
        'user_disabled', 'user_enabled', 'email_changed', 'identity_allowed', 'limit_cleared', 'invite_created',
        'invite_revoked', 'recovery_created'
    )) NOT VALID;
