-- The audit trail: what happened to whom, when and from where, for finding out afterwards.
--
-- An event is written in the transaction that does what it tells, so there is neither an event of something that was rolled
-- back nor a change without its event. Rows are only ever added; what is older than the retention is removed by the
-- function below, and nothing younger than a week by anybody.
CREATE TABLE audit_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_events_pkey PRIMARY KEY,
    -- By the clock of the database. The role that serves may not say another time.
    occurred_at timestamptz NOT NULL DEFAULT now(),
    event text NOT NULL,
    -- Without a foreign key: the trail outlives the account. Of a deleted one nothing but this random number is left.
    user_id uuid,
    -- In place of an address without an account, or of what was limited: a keyed hash, as in the table throttles.
    subject bytea,
    -- Which of the limit's periods it was: each subject leaves one event a period, however often it is refused.
    period bigint,
    -- A word of the program that says more: why, how, or by whom.
    detail text,
    provider text,
    -- The session that was opened or ended, or through which something was done. It may be gone.
    session_id uuid,
    -- The browser, where it was known for the account.
    device_id uuid,
    address text,
    user_agent text,
    -- The identifier that the answer and the logs of all servers have. NULL, like the address, for operators' commands.
    request_id text,
    CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted'
    )),
    CONSTRAINT audit_events_subject_length CHECK (octet_length(subject) = 33),
    CONSTRAINT audit_events_period_throttled CHECK ((event = 'throttled') = (period IS NOT NULL)),
    CONSTRAINT audit_events_period_subject CHECK (period IS NULL OR subject IS NOT NULL),
    CONSTRAINT audit_events_detail_word CHECK (detail ~ '^[a-z_]{1,32}$'),
    CONSTRAINT audit_events_provider_known CHECK (provider IN ('google', 'discord')),
    CONSTRAINT audit_events_address_length CHECK (char_length(address) BETWEEN 2 AND 45),
    CONSTRAINT audit_events_user_agent_length CHECK (char_length(user_agent) <= 512),
    CONSTRAINT audit_events_request_id_length CHECK (char_length(request_id) BETWEEN 8 AND 64)
);

-- For reading in the order of time, part by part, and for the retention.
CREATE INDEX audit_events_occurred_at_idx ON audit_events (occurred_at, id);
-- What happened to one user.
CREATE INDEX audit_events_user_id_idx ON audit_events (user_id, occurred_at, id);
-- One event a period; and what was tried at an address without an account, whose events have no period.
CREATE UNIQUE INDEX audit_events_subject_key ON audit_events (subject, period) WHERE subject IS NOT NULL;

CREATE FUNCTION refuse_audit_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = 'audit events are never changed, and kept for a week at least';
END
$$;

-- For everybody, their owner included.
CREATE TRIGGER audit_events_keep
    BEFORE UPDATE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_audit_change();

CREATE TRIGGER audit_events_keep_recent
    BEFORE DELETE ON audit_events
    FOR EACH ROW
    WHEN (OLD.occurred_at > now() - interval '7 days')
    EXECUTE FUNCTION refuse_audit_change();

-- Removes what is older than so many days, oldest first and so many rows at most; tells how many it were. The role that
-- serves has no other way to remove an event.
CREATE FUNCTION remove_audit_events(days integer, most bigint) RETURNS bigint
    LANGUAGE sql
    SECURITY DEFINER
    SET search_path = ''
    BEGIN ATOMIC
        WITH removed AS (
            DELETE FROM audit_events WHERE id IN (
                SELECT id FROM audit_events
                WHERE occurred_at < now() - make_interval(days => days) ORDER BY occurred_at, id LIMIT most
            ) RETURNING id
        )
        SELECT count(*) FROM removed;
    END;
