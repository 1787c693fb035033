-- How much guessing is left to whom: one row for each account, device or network that has used some of it.
--
-- It is in the database so that replicas share it and a restart forgets nothing. A row says how long its owner has to
-- wait until all attempts are there again; when that time has come the row means nothing and is removed.
CREATE TABLE throttles (
    -- A keyed hash of what is limited, behind a byte for its kind: the table names nobody, and unknown addresses look
    -- like known ones.
    key bytea CONSTRAINT throttles_pkey PRIMARY KEY,
    -- The theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, annex A).
    busy_until timestamptz NOT NULL,
    CONSTRAINT throttles_key_length CHECK (octet_length(key) = 33)
) WITH (fillfactor = 70);
