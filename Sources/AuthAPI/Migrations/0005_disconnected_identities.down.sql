-- Takes back 0005_disconnected_identities.up.sql: disconnected identities are new to the site again.
DROP INDEX sessions_identity_id_idx;
ALTER TABLE sessions DROP COLUMN identity_id;
DROP TABLE disconnected_identities;
