-- Takes back 0012_access_refusals.up.sql. Events of the kind that goes stay: the trail is never changed.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_event_known;
ALTER TABLE audit_events
    ADD CONSTRAINT audit_events_event_known CHECK (event IN (
        'registered', 'signed_in', 'sign_in_failed', 'throttled', 'signed_out', 'session_ended', 'provider_linked',
        'provider_unlinked', 'hash_upgraded', 'user_created', 'user_deleted',
        'password_changed', 'confirmation_failed', 'reauthenticated', 'name_changed', 'data_downloaded',
        'user_disabled', 'user_enabled', 'email_changed', 'identity_allowed', 'limit_cleared', 'invite_created',
        'invite_revoked', 'recovery_created'
    )) NOT VALID;
