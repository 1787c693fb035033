-- When a backup and a restore drill last succeeded. scripts/backup writes it as the owner of the tables; `doctor` and the
-- metrics read it.
CREATE TABLE backup_status (
    kind text PRIMARY KEY CHECK (kind IN ('backup', 'drill')),
    succeeded_at timestamptz NOT NULL
);
