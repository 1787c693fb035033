\set n random(1, 64)
SELECT sessions.id, users.id, users.email, users.name, users.avatar_url
FROM sessions JOIN users ON users.id = sessions.user_id
WHERE sessions.token_hash = sha256((:n)::text::bytea) AND sessions.expires_at > now();
