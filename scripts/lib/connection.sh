# shellcheck shell=bash
# PostgreSQL's client programs with the database that the settings name, as the role that owns it. A password never
# stands on a command line, where others could read it.

# Percent-decoding.
decoded() { printf '%b' "$(sed 's/\\/\\\\/g; s/%/\\x/g' <<<"$1")"; }

# Takes the password out of the connection `url`, wherever libpq allows it to stand, into `password`.
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
        # shellcheck disable=SC2001 # which knows no \1
        password=$(sed 's/\\\(.\)/\1/g' <<<"$password")
        url=${BASH_REMATCH[1]}${BASH_REMATCH[7]}
    fi
}

# The connection string with another database of the same server; as it is, when that is empty.
at_database() { # URL DATABASE
    if [[ -z $1 || -z $2 ]]; then
        printf '%s' "$1"
    elif [[ $1 =~ ^(postgres(ql)?://[^/?]*)(/[^?]*)?(\?.*)?$ ]]; then
        printf '%s/%s%s' "${BASH_REMATCH[1]}" "$2" "${BASH_REMATCH[4]}"
    else
        printf '%s dbname=%s' "$1" "$2"
    fi
}

# The value of a setting, or what the file that NAME_FILE names holds.
setting() { # NAME
    local file=$1_FILE
    if [[ -n ${!1:-} ]]; then
        printf '%s' "${!1}"
    elif [[ -n ${!file:-} ]]; then
        printf '%s' "$(<"${!file}")"
    fi
}

# What stands in front of a client program.
detached=()

# Runs psql, pg_dump or pg_restore with a database of that server; the settings' own, when that is empty.
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
