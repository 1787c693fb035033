-- The complete list of privileges of the serving role. It runs after the migrations, as the role that owns the
-- schema, in the same transaction as the last of them. First, all earlier privileges of the serving role are revoked,
-- and those of PUBLIC, which default privileges may have granted.
--
-- Add each new table, and each column that the API updates. UPDATE privileges name columns, so that keys and
-- creation times cannot change. Names without a schema are resolved as in the migrations: everything happens
-- in the schema that contains the tables, and privileges on tables of other programs are not changed.
DO $$
DECLARE
    serving CONSTANT text := current_setting('yoshikosan.serving_role');
    place CONSTANT regnamespace := relnamespace FROM pg_class WHERE oid = to_regclass('users');
    owns_database CONSTANT boolean := pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database();
    owns_schema CONSTANT boolean := pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE oid = place;
    -- Databases that the first releases created have the old name, which may otherwise belong to another program.
    history CONSTANT regclass :=
        coalesce(to_regclass('yoshikosan_schema_migrations'), to_regclass('schema_migrations'));
    numbers CONSTANT regclass := to_regclass(pg_get_serial_sequence('audit_events', 'id'));
    relations CONSTANT regclass[] := ARRAY[
        to_regclass('users'), to_regclass('oauth_accounts'), to_regclass('sessions'), to_regclass('throttles'),
        to_regclass('audit_events'), to_regclass('disconnected_identities'), to_regclass('backup_status'),
        to_regclass('invites'), to_regclass('password_recoveries'), history, numbers
    ];
    statement text;
    ours regclass;
BEGIN
    -- A serving role that owns the tables keeps its privileges: the functions run with them.
    IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('users') AND pg_get_userbyid(relowner) = serving) THEN
        RETURN;
    END IF;
    -- A role that neither owns a table nor may grant its own privileges on it gets a warning for each column.
    PERFORM set_config('client_min_messages', 'error', true);
    FOREACH ours IN ARRAY relations LOOP
        CONTINUE WHEN ours IS NULL;
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, %I', ours, serving);
    END LOOP;
    FOREACH statement IN ARRAY ARRAY[
        -- Operators delete users with the same program; all rows of the user are deleted with it.
        'GRANT SELECT, INSERT, UPDATE (email, name, avatar_url, password_hash, email_verified_at, disabled_at,
            devices_known_since), DELETE
            ON users TO %I',
        'GRANT SELECT, INSERT, UPDATE (email, issuer, access_token, refresh_token, key_version, expires_at), DELETE
            ON oauth_accounts TO %I',
        'GRANT SELECT, INSERT, DELETE ON disconnected_identities TO %I',
        'GRANT SELECT, INSERT, UPDATE (used), DELETE ON invites TO %I',
        'GRANT SELECT, INSERT, UPDATE (code_hash, keeps_providers, created_at, expires_at), DELETE
            ON password_recoveries TO %I',
        -- Only the identity that opened a session changes, when that session disconnects it, and when
        -- its user signs in again. The sweeper locks the rows that it removes, which requires UPDATE on a column.
        'GRANT SELECT, INSERT, UPDATE (identity_id, reauthenticated_at), DELETE ON sessions TO %I',
        'GRANT SELECT, INSERT, UPDATE (busy_until), DELETE ON throttles TO %I',
        'GRANT SELECT ON backup_status TO %I',
        'REVOKE ALL ON FUNCTION take_attempts(bytea[], bigint[], bigint[], timestamptz) FROM PUBLIC',
        'GRANT EXECUTE ON FUNCTION take_attempts(bytea[], bigint[], bigint[], timestamptz) TO %I',
        -- Audit events are only inserted, with the current time; a function deletes old ones.
        'GRANT SELECT, INSERT (event, user_id, subject, period, detail, provider, session_id, device_id, address,
            user_agent, request_id) ON audit_events TO %I',
        'REVOKE ALL ON FUNCTION remove_audit_events(integer, bigint) FROM PUBLIC',
        'GRANT EXECUTE ON FUNCTION remove_audit_events(integer, bigint) TO %I'
    ] LOOP
        EXECUTE format(statement, serving);
    END LOOP;
    -- Enough to determine whether the schema is current.
    EXECUTE format('GRANT SELECT (version) ON %s TO %I', history, serving);
    -- Enough to determine whether the sequence is behind its table.
    IF numbers IS NOT NULL THEN
        EXECUTE format('GRANT SELECT ON SEQUENCE %s TO %I', numbers, serving);
    END IF;
    FOREACH ours IN ARRAY relations LOOP
        IF NOT has_any_column_privilege(serving, ours, 'SELECT') THEN
            RAISE insufficient_privilege USING MESSAGE = format('permission denied to grant privileges on %s', ours);
        END IF;
    END LOOP;
    -- Only the owner of the database and schema can grant privileges on them; otherwise PostgreSQL's defaults apply.
    IF owns_database THEN
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), serving);
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
    IF owns_schema THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', place, serving);
        -- The default before PostgreSQL 15.
        IF place::text = 'public' THEN REVOKE CREATE ON SCHEMA public FROM PUBLIC; END IF;
    END IF;
END
$$;
