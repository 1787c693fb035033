-- Takes back 0006_take_attempts.up.sql.
DROP FUNCTION take_attempts(bytea[], bigint[], bigint[], timestamptz);
