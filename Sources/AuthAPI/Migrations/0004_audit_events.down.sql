-- Takes back 0004_audit_events.up.sql, with the whole trail.
DROP FUNCTION remove_audit_events(integer, bigint);
DROP TABLE audit_events;
DROP FUNCTION refuse_audit_change();
