-- 20,000 users with a live session each, so that the indexes have the depth of a site in use. pgbench reads 64 of the
-- sessions, as many as the benchmark's own users have.
INSERT INTO users (id, email, name, password_hash)
SELECT gen_random_uuid(), 'seed-' || n || '@example.com', 'Seed ' || n, NULL FROM generate_series(1, 20000) n;
INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, user_agent, ip_address)
SELECT gen_random_uuid(), id, sha256(substr(email, 6, length(email) - 17)::bytea), now(), now() + interval '7 days',
    'wrk', '127.0.0.1'
FROM users WHERE email LIKE 'seed-%';
VACUUM ANALYZE users, sessions;
