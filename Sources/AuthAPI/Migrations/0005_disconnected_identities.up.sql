-- What remains of an identity that its user has disconnected, and through which identity a session was opened.

-- One row for each identity that a user has disconnected: it signs nobody in until that user, signed in, connects it
-- again. Deleted with the user, so that somebody who deleted their account can come back.
CREATE TABLE disconnected_identities (
    provider text NOT NULL,
    -- What the provider calls the person, as in oauth_accounts.
    provider_user_id text NOT NULL,
    user_id uuid NOT NULL CONSTRAINT disconnected_identities_user_id_fkey REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT disconnected_identities_pkey PRIMARY KEY (provider, provider_user_id, user_id),
    CONSTRAINT disconnected_identities_provider_known CHECK (provider IN ('google', 'discord')),
    CONSTRAINT disconnected_identities_provider_user_id_length CHECK (char_length(provider_user_id) BETWEEN 1 AND 255)
);

-- For the cascade when a user is deleted.
CREATE INDEX disconnected_identities_user_id_idx ON disconnected_identities (user_id);

-- NULL for sessions that a password opened, that were opened before this migration or by the version before it, and for
-- the one from which the identity was disconnected. The foreign key settles the race between a sign-in and a disconnection:
-- no session is stored through an identity that is gone, and none outlives it.
ALTER TABLE sessions ADD COLUMN identity_id uuid;
ALTER TABLE sessions
    ADD CONSTRAINT sessions_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES oauth_accounts ON DELETE CASCADE
    NOT VALID;
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_identity_id_fkey;

CREATE INDEX sessions_identity_id_idx ON sessions (identity_id) WHERE identity_id IS NOT NULL;
