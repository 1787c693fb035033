-- Taking attempts all or nothing: the statement that did it before could take one and, when another request was faster,
-- not the other. Inside a function each statement sees what was committed before that statement began.

-- For each key that is not NULL, in the order of the keys: how many microseconds to wait until the attempt is there, zero or
-- less when it is. Only when all are there they are taken. A time that no attempts add up to, more than a minute beyond the
-- capacity, was written while a clock was wrong and counts for nothing.
--
-- Rows are locked in the order of their keys, so that no two callers wait for each other.
CREATE FUNCTION take_attempts(keys bytea[], costs bigint[], capacities bigint[], at timestamptz)
    RETURNS TABLE (key bytea, wait bigint)
    LANGUAGE plpgsql
    AS $$
DECLARE
    wanted record;
    busy timestamptz;
    ends timestamptz[] := '{}';
    locked bytea[] := '{}';
    made bytea[] := '{}';
    is_there boolean := true;
BEGIN
    FOR wanted IN
        SELECT * FROM unnest(keys, costs, capacities) AS each (key, cost, capacity)
        WHERE each.key IS NOT NULL ORDER BY each.key
    LOOP
        SELECT throttles.busy_until INTO busy FROM throttles WHERE throttles.key = wanted.key FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO throttles AS present (key, busy_until) VALUES (wanted.key, at)
            ON CONFLICT ON CONSTRAINT throttles_pkey DO UPDATE SET busy_until = present.busy_until
            RETURNING present.busy_until INTO busy;
            made := made || wanted.key;
        END IF;
        IF busy > at + (wanted.capacity + 60000000) * interval '1 microsecond' THEN
            busy := at;
        END IF;
        busy := greatest(busy, at);
        key := wanted.key;
        wait := (extract(epoch FROM busy - at) * 1000000)::bigint + wanted.cost - wanted.capacity;
        is_there := is_there AND wait <= 0;
        locked := locked || wanted.key;
        ends := ends || busy + wanted.cost * interval '1 microsecond';
        RETURN NEXT;
    END LOOP;
    IF is_there THEN
        UPDATE throttles SET busy_until = taken.ends
        FROM unnest(locked, ends) AS taken (key, ends) WHERE throttles.key = taken.key;
    ELSE
        -- What is refused leaves no row behind.
        DELETE FROM throttles WHERE throttles.key = ANY (made) AND throttles.busy_until <= at;
    END IF;
END
$$;
