-- Takes back 0009_operators.up.sql: disabled users can sign in again. Events of the new kinds stay: the trail is
-- never changed.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_event_known;
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted',
        'password_changed', 'confirmation_failed', 'reauthenticated', 'name_changed', 'data_downloaded'
    )) NOT VALID;
ALTER TABLE users DROP COLUMN disabled_at;
