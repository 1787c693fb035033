-- Reverts 0007_backup_status.up.sql.
DROP TABLE backup_status;
