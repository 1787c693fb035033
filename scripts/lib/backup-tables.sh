# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# The tables of this system, for scripts/backup: databases may also contain tables of other programs.

# The tables, functions, triggers and indexes of this system, from the migrations that create them. Everything else in the
# database (extensions, other schemas, tables of other programs) is not backed up.
ours() { # TABLE|FUNCTION|TRIGGER|INDEX
    sed -nE "s/^CREATE (UNIQUE )?$1 (CONCURRENTLY )?(IF NOT EXISTS )?([a-z0-9_]+).*/\\4/p" "$root"/Sources/AuthAPI/Migrations/*.up.sql
    if [[ $1 == TABLE ]]; then printf '%s\n' "$history"; fi
}

# The same as an SQL list.
ours_sql() { ours "$1" | sort -u | sed "s/.*/'&'/" | paste -sd,; } # TABLE|FUNCTION

# Sets `schema`, which contains or would contain the tables, and `history`, the table of migrations.
find_schema() { # DATABASE
    read -r history schema < <(
        query "$1" <<'SQL'
SELECT coalesce(relname, 'none'), coalesce(nspname, current_schema(), 'public')
FROM (SELECT coalesce(to_regclass('yoshikosan_schema_migrations'), to_regclass('schema_migrations')) AS oid) AS found
LEFT JOIN pg_class USING (oid) LEFT JOIN pg_namespace ON pg_namespace.oid = relnamespace
SQL
    ) || die "the schema of the tables cannot be determined" "see the message above"
}

# Tables, views and sequences of other programs beside ours.
foreign_tables() { # DATABASE
    query "$1" <<SQL
SELECT quote_ident(nspname) || '.' || quote_ident(relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname <> 'information_schema' AND nspname !~ '^pg_' AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT (nspname = '${schema//\'/\'\'}' AND relname IN ($(ours_sql TABLE)))
    -- Without members of extensions, and without sequences of columns, which belong to their tables.
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'i') AND relkind = 'S')
ORDER BY 1
SQL
}

# The row counts of this system's tables in the backup on standard input, one per line.
count_rows() {
    read_backup --data-only --file=- |
        awk -v ours="$(ours TABLE)" 'BEGIN { split(ours, list, "\n"); for (each in list) known[list[each]] }
            /^COPY /{
                table = $0; sub(/^COPY /, "", table); sub(/ \([^()]*\) FROM stdin;$/, "", table); gsub(/ /, "_", table)
                name = table; sub(/.*\./, "", name)
                if (name in known) { rows[table] += 0; data = 1 }
                next
            }
            /^\\\.$/ { data = 0 }
            data { rows[table]++ }
            END { for (table in rows) print table, rows[table] }' | sort
}

# The row counts of this system's tables in a database.
rows_in() { # DATABASE
    query "$1" <<SQL | sort
SELECT format('SELECT %L, count(*) FROM %I.%I', replace(format('%I.%I', schemaname, tablename), ' ', '_'), schemaname, tablename)
FROM pg_tables WHERE schemaname = '${schema//\'/\'\'}' AND tablename IN ($(ours_sql TABLE)) \gexec
SQL
}

# The entries of a backup that belong to this system, without extensions, and without functions, triggers and indexes of
# others, which may require an extension.
our_entries() { # FILE
    from_backup "$1" read_backup --list |
        awk -v functions="$(ours FUNCTION)" -v others="$(ours TRIGGER && ours INDEX)" -v place=" $schema " '
            BEGIN {
                split(functions, list, "\n"); for (each in list) known[list[each]]
                split(others, names, "\n")
            }
            # The name of the owner, which follows, may contain spaces.
            function is_named(each) { for (each in names) if (index(entry, " " names[each] " ")) return 1; return 0 }
            !/^[0-9]+; / { print; next }
            { entry = $0; sub(/^[0-9]+; [0-9]+ [0-9]+ /, "", entry) }
            entry !~ /^(TABLE|TABLE DATA|SEQUENCE|SEQUENCE OWNED BY|SEQUENCE SET|DEFAULT|CONSTRAINT|INDEX|FK CONSTRAINT|STATISTICS|ROW SECURITY|POLICY|FUNCTION|TRIGGER) / { next }
            !index(entry, place) { next }
            entry ~ /^FUNCTION / { name = entry; sub(/\(.*/, "", name); sub(/.* /, "", name); if (!(name in known)) next }
            entry ~ /^(TRIGGER|INDEX) / && !is_named() { next }
            { print }'
}

# Rejects a backup whose tables are in another schema than that of the settings.
refuse_elsewhere() { # FILE
    local place
    find_schema ''
    place=$(from_backup "$1" read_backup --list | sed -nE 's/^[0-9]+; [0-9]+ [0-9]+ TABLE DATA (.*) (yoshikosan_)?schema_migrations .+$/\1/p' | head -n 1)
    [[ $place ]] || die "$1 does not contain this system's tables" "use a backup that this program has written"
    [[ $place == "$schema" ]] ||
        die "the tables of the backup are in the schema '$place', those of the database in '$schema'" \
            "set the search_path of the settings to that schema"
}

# The encoding and locale of the database, which may differ from those of the server, as options of CREATE DATABASE.
locale_of_database() {
    query '' <<'SQL'
SELECT format('encoding %L lc_collate %L lc_ctype %L', pg_encoding_to_char(encoding), datcollate, datctype)
    || CASE each ->> 'datlocprovider'
        WHEN 'c' THEN ' locale_provider libc'
        WHEN 'i' THEN format(' locale_provider icu icu_locale %L', coalesce(each ->> 'datlocale', each ->> 'daticulocale'))
        WHEN 'b' THEN format(' locale_provider builtin builtin_locale %L', each ->> 'datlocale')
        -- PostgreSQL 14 and earlier have no choice.
        ELSE ''
    END
FROM pg_database, to_jsonb(pg_database) AS each WHERE datname = current_database()
SQL
}

# Creates the schema in a new database, and copies the search paths that are set for the configured database.
prepare_schema() { # DATABASE
    query '' <<SQL >"$scratch_folder/search-paths"
SELECT format('ALTER %s SET %s = %s;', CASE WHEN setrole = 0 THEN 'DATABASE "$1"'
    ELSE format('ROLE %s IN DATABASE "$1"', setrole::regrole) END, split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1))
FROM pg_db_role_setting, unnest(setconfig) AS setting
WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND setting LIKE 'search_path=%'
SQL
    query "$1" <<<"create schema if not exists \"${schema//\"/\"\"}\"; $(<"$scratch_folder/search-paths")" 2>"$scratch_folder/notices" ||
        die "the schema or its search paths cannot be set up in $1" "$(<"$scratch_folder/notices")"
}

# Whether the role may end sessions of other roles, which renaming a database requires.
may_end_sessions() {
    [[ $(query '' "select rolsuper or pg_has_role('pg_signal_backend', 'USAGE') or not exists (
        select from pg_stat_activity where datname = current_database() and not pg_has_role(usesysid, 'USAGE')
    ) from pg_roles where rolname = current_user") == t ]]
}

# Fails if tables or views of other programs refer to this system's: they would keep using the previous data.
refuse_dependents() {
    local dependents
    dependents=$(
        query '' <<SQL | paste -sd' '
WITH ours AS (
    SELECT pg_class.oid FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = '${schema//\'/\'\'}' AND relname IN ($(ours_sql TABLE))
)
SELECT conrelid::regclass FROM pg_constraint
WHERE contype = 'f' AND confrelid IN (SELECT oid FROM ours) AND conrelid NOT IN (SELECT oid FROM ours)
UNION SELECT ev_class::regclass FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
WHERE classid = 'pg_rewrite'::regclass AND refobjid IN (SELECT oid FROM ours)
SQL
    )
    [[ -z $dependents ]] || die "tables or views of other programs refer to this system's tables: $dependents" \
        "drop these references first, and create them again afterwards"
}

# Replaces this system's tables with those of `scratch` in one transaction, in a database that other programs share. The
# previous tables move to another schema.
replace_tables() { # SCHEMA FOR THE PREVIOUS TABLES
    local place=${schema//\"/\"\"} former=${1//\"/\"\"}
    client "$scratch" pg_dump --schema="\"$place\"" --no-owner --no-comments >"$scratch_folder/tables.sql" ||
        die "the restored tables cannot be read" "see the message above; the data is unchanged"
    query '' <<SQL >"$scratch_folder/moves.sql" || die "the tables cannot be listed" "see the message above"
SELECT format('ALTER TABLE %s SET SCHEMA %I;', oid::regclass, '${1//\'/\'\'}') FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '${schema//\'/\'\'}') AND relkind IN ('r', 'p')
    AND relname IN ($(ours_sql TABLE))
UNION ALL
SELECT format('ALTER FUNCTION %s SET SCHEMA %I;', oid::regprocedure, '${1//\'/\'\'}') FROM pg_proc
WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = '${schema//\'/\'\'}') AND proname IN ($(ours_sql FUNCTION))
SQL
    {
        # Requests queue behind this transaction even while it waits for a lock, hence the timeout.
        printf '%s\n' 'begin;' "set local lock_timeout = '5s';" "create schema \"$former\";"
        cat "$scratch_folder/moves.sql"
        sed -E '/^(CREATE SCHEMA |(GRANT|REVOKE) .* ON SCHEMA )/d' "$scratch_folder/tables.sql"
        printf '%s\n' 'commit;'
    } >"$scratch_folder/replace.sql"
    query '' <"$scratch_folder/replace.sql" >/dev/null ||
        die "the tables could not be replaced; the data is unchanged" "see the message above"
    say "The previous data is in the schema $1. To delete it when it is no longer needed:"
    say "    drop schema \"$former\" cascade"
}
