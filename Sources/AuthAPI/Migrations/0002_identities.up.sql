-- What the page of linked provider accounts shows, and the rule that a user has at most one at each provider.

-- The address that the provider account had when it was last used, so that its owner recognises it. Nothing is looked up
-- by it: it can change hands.
ALTER TABLE oauth_accounts
    ADD COLUMN email text,
    ADD CONSTRAINT oauth_accounts_email_length CHECK (octet_length(email) BETWEEN 3 AND 254);

CREATE UNIQUE INDEX oauth_accounts_user_provider_key ON oauth_accounts (user_id, provider);
-- The new index serves its queries, too.
DROP INDEX oauth_accounts_user_id_idx;
