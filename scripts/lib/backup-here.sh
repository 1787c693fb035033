# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# scripts/backup for the configured database, without containers.
# shellcheck source=settings.sh
source "$root/scripts/lib/settings.sh"
# shellcheck source=cluster.sh
source "$root/scripts/lib/cluster.sh"
# shellcheck source=servers.sh
source "$root/scripts/lib/servers.sh"

# Users set it for terminals that do not use UTF-8. It would make pg_dump fail at the first character that the encoding lacks.
unset PGCLIENTENCODING

prepare() {
    "$root/scripts/install-tools" build database serve
    development_settings
    if [[ $own_database ]]; then use_cluster "${DEV_CLUSTER:-dev}"; fi
    [[ -n ${BINARIES:-} ]] || swift build --package-path "$root" --product AuthAPI >&2 ||
        die "the build failed" "see the compiler's messages above"
    binaries=$(binaries)
}

leave() { release_cluster; }

# The prefix of client programs.
detached=()

# Runs psql, pg_dump or pg_restore as the owner, on the configured database or on another one of the same server.
client() { # DATABASE PROGRAM ARGUMENT …
    "${detached[@]}" "$binaries/AuthAPI" database-client ${1:+"--database=$1"} "${@:2}"
}

end_scratch_api() { end AuthAPI; }

# Reads a backup from standard input, without a connection.
read_backup() { pg_restore "$@"; } # ARGUMENT …

# Makes a file readable for pg_restore; prints its path.
lend() { printf '%s' "$1"; } # FILE

# Changes the settings to another database of the same server. In a connection string, the last of repeated parameters counts.
use_database() { # DATABASE
    local name file value
    for name in MIGRATION_DATABASE_URL DATABASE_URL; do
        file=${name}_FILE
        value=$(trimmed "${!name:-}")
        if [[ -z $value && ${!file:-} ]]; then value=$(trimmed "$(<"$(trimmed "${!file}")")"); fi
        case $value in
        '') continue ;;
        *://*[?\&]) value+="dbname=$1" ;;
        *://*\?*) value+="&dbname=$1" ;;
        *://*) value+="?dbname=$1" ;;
        *) value+=" dbname=$1" ;;
        esac
        unset "$file"
        export "$name=$value"
    done
    export POSTGRES_DB=$1 MIGRATE_ON_START=false
}

# Runs a command with the settings of another database; not with `env`, whose arguments other users could read.
at() { (if [[ $1 ]]; then use_database "$1"; fi && exec "${@:2}"); } # DATABASE COMMAND …
owner_api() { at "$1" "$binaries/AuthAPI" "${@:2}"; }                # DATABASE ARGUMENT …
serving_api() { at "$1" "$binaries/AuthAPI" "${@:2}"; }              # DATABASE ARGUMENT …

# Starts an API for another database on a free port.
start_scratch_api() { # DATABASE
    local tries
    use_database "$1"
    export API_HOST=127.0.0.1 API_PORT API_METRICS_PORT='' LOG_LEVEL=ERROR
    for ((tries = 0; tries < 5; tries++)); do
        API_PORT=$((20000 + RANDOM % 12000))
        launch AuthAPI "$binaries/AuthAPI" serve
        if await AuthAPI "http://127.0.0.1:$API_PORT/health/ready"; then return; fi
        end AuthAPI
    done
    die "the API does not start on the restored data" "see its messages above"
}

# Sends a request to that API.
ask() { curl --silent --noproxy '*' --max-time 10 "${@:2}" "http://127.0.0.1:$API_PORT$1"; } # PATH ARGUMENT …
