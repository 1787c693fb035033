# shellcheck shell=bash
# Runs PostgreSQL's client programs with the database of the settings, as the role that owns it. Passwords are never on a
# command line, which other users could read.

# Percent-decoding.
decoded() { printf '%b' "$(sed 's/\\/\\\\/g; s/%/\\x/g' <<<"$1")"; }

# Moves the password from the connection string `url`, wherever libpq allows it, into `password`.
take_password() {
    local value="'(([^'\\]|\\\\.)*)'|([^'\\[:space:]]|\\\\.)([^\\[:space:]]|\\\\.)*"
    if [[ $url =~ ^(postgres(ql)?://[^:/@?]*):([^@/]*)@(.*)$ ]]; then
        password=$(decoded "${BASH_REMATCH[3]}")
        url=${BASH_REMATCH[1]}@${BASH_REMATCH[4]}
    fi
    if [[ $url =~ ^(postgres(ql)?://[^?]*\?)(.*&)?password=([^&]*)\&?(.*)$ ]]; then
        password=$(decoded "${BASH_REMATCH[4]}")
        url=${BASH_REMATCH[1]}${BASH_REMATCH[3]}${BASH_REMATCH[5]}
    elif [[ ! $url =~ ^postgres(ql)?:// && $url =~ ^(.*[[:space:]])?password[[:space:]]*=[[:space:]]*($value)(.*)$ ]]; then
        password=${BASH_REMATCH[2]}
        if [[ $password == \'* ]]; then password=${BASH_REMATCH[3]}; fi
        # shellcheck disable=SC2001 # needs \1
        password=$(sed 's/\\\(.\)/\1/g' <<<"$password")
        url=${BASH_REMATCH[1]}${BASH_REMATCH[7]}
    fi
}

# The connection string with another database of the same server; unchanged if the database is empty.
at_database() { # URL DATABASE
    if [[ -z $1 || -z $2 ]]; then
        printf '%s' "$1"
    elif [[ $1 =~ ^(postgres(ql)?://[^/?]*)(/[^?]*)?(\?.*)?$ ]]; then
        printf '%s/%s%s' "${BASH_REMATCH[1]}" "$2" "${BASH_REMATCH[4]}"
    else
        printf '%s dbname=%s' "$1" "$2"
    fi
}

# The value of a setting, or the content of its NAME_FILE.
setting() { # NAME
    local file=$1_FILE
    if [[ -n ${!1:-} ]]; then
        printf '%s' "${!1}"
    elif [[ -n ${!file:-} ]]; then
        printf '%s' "$(<"${!file}")"
    fi
}

# The prefix of client programs.
detached=()

# Runs psql, pg_dump or pg_restore with a database of that server, by default that of the settings.
client() { # DATABASE PROGRAM ARGUMENT …
    local database=$1 program=$2 url password=${PGPASSWORD:-}
    shift 2
    url=$(setting MIGRATION_DATABASE_URL)
    if [[ -z $url ]]; then url=$(setting DATABASE_URL); fi
    if [[ -n $url ]]; then
        take_password
        PGPASSWORD=$password "${detached[@]}" "$program" "$@" "--dbname=$(at_database "$url" "$database")"
    else
        PGHOST=${POSTGRES_HOST:-postgres} PGPORT=${POSTGRES_PORT:-5432} PGUSER=${POSTGRES_USER:-yoshikosan} \
            PGPASSWORD=$(setting POSTGRES_PASSWORD) "${detached[@]}" "$program" "$@" "--dbname=${database:-${POSTGRES_DB:-yoshikosan}}"
    fi
}
