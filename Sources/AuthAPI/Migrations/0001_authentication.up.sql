-- Users, the provider accounts linked to them, and their sessions.
--
-- Every constraint has a name, because the stores recognise a violation by it: `users_email_key` becomes "this email is
-- taken" on the registration form. The length checks repeat, more loosely, what the API checks first; they are the last
-- line, for whatever reaches the database by another way.

-- Keeps `updated_at` true whoever writes. The triggers call it only when a column really changes.
CREATE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

-- One row for each person who can sign in.
CREATE TABLE users (
    id uuid CONSTRAINT users_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    -- In lower case, as the API stores it; the index below holds whoever else writes to that. RFC 5321 allows 254 bytes.
    email text NOT NULL,
    name text NOT NULL,
    avatar_url text,
    -- NULL for those who have only ever come by way of a provider. Argon2id, or bcrypt for users moved over.
    password_hash text,
    -- When a provider vouched for the email; NULL while nobody has, and then no provider account is linked by email.
    email_verified_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_length CHECK (octet_length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT users_avatar_url_length CHECK (char_length(avatar_url) <= 2048),
    CONSTRAINT users_password_hash_length CHECK (char_length(password_hash) BETWEEN 1 AND 255)
);

-- Unique whatever the case. A query uses this index only when it compares lower(email), too.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TRIGGER users_set_updated_at
    BEFORE UPDATE ON users
    FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION set_updated_at();

-- An identity at Google or Discord that belongs to a user.
CREATE TABLE oauth_accounts (
    id uuid CONSTRAINT oauth_accounts_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL CONSTRAINT oauth_accounts_user_id_fkey REFERENCES users ON DELETE CASCADE,
    provider text NOT NULL,
    -- What the provider calls the person: never the email, which can change hands.
    provider_user_id text NOT NULL,
    -- Encrypted by the API with the key of that version, bound to this row; the database never sees a token.
    access_token bytea,
    refresh_token bytea,
    key_version integer NOT NULL DEFAULT 1,
    -- When the access token expires, if the provider said.
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT oauth_accounts_identity_key UNIQUE (provider, provider_user_id),
    CONSTRAINT oauth_accounts_provider_known CHECK (provider IN ('google', 'discord')),
    CONSTRAINT oauth_accounts_provider_user_id_length CHECK (char_length(provider_user_id) BETWEEN 1 AND 255),
    CONSTRAINT oauth_accounts_access_token_length CHECK (octet_length(access_token) <= 16384),
    CONSTRAINT oauth_accounts_refresh_token_length CHECK (octet_length(refresh_token) <= 16384),
    CONSTRAINT oauth_accounts_key_version_positive CHECK (key_version >= 1)
);

-- For the accounts of one user, and for the cascade when a user is deleted.
CREATE INDEX oauth_accounts_user_id_idx ON oauth_accounts (user_id);

CREATE TRIGGER oauth_accounts_set_updated_at
    BEFORE UPDATE ON oauth_accounts
    FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION set_updated_at();

-- A signed-in browser. Deleting the row signs it out, whatever its token says.
CREATE TABLE sessions (
    id uuid CONSTRAINT sessions_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL CONSTRAINT sessions_user_id_fkey REFERENCES users ON DELETE CASCADE,
    -- SHA-256 of the token: whoever reads this table cannot sign in with it.
    token_hash bytea NOT NULL,
    -- Shown to the user, so that they recognise their devices.
    user_agent text,
    ip_address text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT sessions_token_hash_length CHECK (octet_length(token_hash) = 32),
    CONSTRAINT sessions_user_agent_length CHECK (char_length(user_agent) <= 512),
    CONSTRAINT sessions_ip_address_length CHECK (char_length(ip_address) BETWEEN 2 AND 45),
    CONSTRAINT sessions_expires_later CHECK (expires_at > created_at)
);

-- The lookup of every signed-in request.
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash);
-- The list of a user's devices, and the cascade.
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
-- The sweeper that removes expired rows.
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
