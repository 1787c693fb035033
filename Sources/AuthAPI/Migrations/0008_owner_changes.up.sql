-- What users change about their own account: the time at which they confirmed that it is theirs, and the new events.

-- When the user of this session last signed in again at a provider to confirm a change; NULL for most sessions.
ALTER TABLE sessions ADD COLUMN reauthenticated_at timestamptz;

-- Not validated, so that no lock is held while a long trail is read: the former list was a part of this one.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_event_known;
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted',
        'password_changed', 'confirmation_failed', 'reauthenticated', 'name_changed', 'data_downloaded'
    )) NOT VALID;
