-- Invitations to create an account, and their events.

-- One row for each invitation, which counts the accounts that were created with it.
CREATE TABLE invites (
    id uuid CONSTRAINT invites_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    -- A keyed hash of the code (HMAC-SHA256): the table lets nobody create an account.
    code_hash bytea NOT NULL CONSTRAINT invites_code_hash_key UNIQUE,
    -- The one address that may use it, in lower case; NULL for any.
    email text,
    uses integer NOT NULL,
    used integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT invites_code_hash_length CHECK (octet_length(code_hash) = 32),
    CONSTRAINT invites_email_length CHECK (octet_length(email) BETWEEN 3 AND 254),
    CONSTRAINT invites_used_up CHECK (used BETWEEN 0 AND uses),
    CONSTRAINT invites_expires_later CHECK (expires_at > created_at)
);

-- Not validated, so that no lock is held while a long trail is read: the former list was a part of this one.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_event_known;
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted',
        'password_changed', 'confirmation_failed', 'reauthenticated', 'name_changed', 'data_downloaded',
        'user_disabled', 'user_enabled', 'email_changed', 'identity_allowed', 'limit_cleared', 'invite_created',
        'invite_revoked'
    )) NOT VALID;
