-- Takes back 0001_authentication.up.sql, with all users, in the reverse order.
DROP TABLE sessions;
DROP TABLE oauth_accounts;
DROP TABLE users;
DROP FUNCTION set_updated_at();
