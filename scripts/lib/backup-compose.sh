# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# scripts/backup for the PostgreSQL of the Compose project.

detached=()

prepare() {
    local settings name
    cd "$root" || exit
    require_engine "back up without containers: make db-backup"
    # From .env too, as Compose reads it.
    for name in BACKUPS BACKUP_KEEP BACKUP_RECIPIENT BACKUP_IDENTITY; do export "$name=$(compose_setting "$name")"; done
    [[ -n $(docker compose ps --quiet --status running postgres) ]] || die "postgres is not running" "start it: make docker-up"
    settings=$(docker compose config)
    if ! grep -qE '^ +POSTGRES_HOST: postgres$' <<<"$settings" || grep -qE '^ +(MIGRATION_)?DATABASE_URL(_FILE)?: [^"]' <<<"$settings"; then
        die "the settings name a database outside this project" "back it up with: make db-backup"
    fi
}

# Prints the value of a setting that no service uses, from the environment or .env.
compose_setting() { # NAME
    # shellcheck disable=SC2016 # for Compose
    printf 'name: x\nx-setting: "${%s:-}"\nservices: {}\n' "$1" >"$scratch_folder/setting.yml"
    docker compose --project-directory "$root" --file "$scratch_folder/setting.yml" config 2>/dev/null |
        sed -n 's/^x-setting: //p' | sed "s/^\"\(.*\)\"$/\1/; s/^'\(.*\)'$/\1/" | sed 's/\$\$/$/g'
}

leave() { :; }

end_scratch_api() {
    if [[ -n ${server:-} ]]; then docker rm --force "$server" >/dev/null 2>&1; fi
}

# Runs psql, pg_dump or pg_restore in the container of PostgreSQL, as the owner.
client() { # DATABASE PROGRAM ARGUMENT …
    # shellcheck disable=SC2016 # the variables of the container
    "${detached[@]}" docker compose exec -T postgres sh -c '
        database=$1 program=$2
        shift 2
        exec "$program" --username="$POSTGRES_USER" --dbname="${database:-$POSTGRES_DB}" "$@"
    ' sh "$@"
}

# Reads a backup from standard input, without a connection.
read_backup() { docker compose exec -T postgres pg_restore "$@"; } # ARGUMENT …

# Makes a file readable for pg_restore in its container; prints its path.
lend() { # FILE
    docker compose exec -T postgres sh -c 'cat >/tmp/backup-entries' <"$1"
    printf '/tmp/backup-entries'
}

once() { # SERVICE DATABASE ARGUMENT …
    local database=()
    if [[ $2 ]]; then database=(-e "POSTGRES_DB=$2"); fi
    docker compose run --rm --no-deps -T "${database[@]}" "$1" "${@:3}"
}
owner_api() { once migrate "$@" 2> >(quiet_compose >&2); }   # DATABASE ARGUMENT …
serving_api() { once backend "$@" 2> >(quiet_compose >&2); } # DATABASE ARGUMENT …

# Hides the progress lines of Compose.
quiet_compose() { grep -vE '^ *(Container|Network|Volume) | (Creating|Created|Starting|Started) *$' || true; }

# Starts an API for another database, under a name to which nginx sends no requests.
start_scratch_api() { # DATABASE
    local tries
    server=$(docker compose run --detach --no-deps -e "POSTGRES_DB=$1" -e LOG_LEVEL=ERROR backend 2>/dev/null | tail -n 1)
    for ((tries = 0; tries < 60; tries++)); do
        if docker exec "$server" AuthAPI healthcheck 2>/dev/null; then return; fi
        sleep 0.5
    done
    docker logs "$server" >&2
    die "the API does not start on the restored data" "see its messages above"
}

# Sends a request to that API with curl in nginx's container, which shares a network with the API.
ask() { # PATH ARGUMENT …
    local name
    name=$(docker inspect --format '{{.Name}}' "$server")
    docker compose exec -T nginx curl --silent --noproxy '*' --max-time 10 "${@:2}" "http://${name#/}:8000$1"
}
