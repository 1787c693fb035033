# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# The settings of a run without containers: from the environment, otherwise .env, otherwise defaults for development.
# An empty value counts as unset, as it does in the servers.

# shellcheck source=dotenv.sh
source "$root/scripts/lib/dotenv.sh"

# Sets a variable unless it has a value; removes white space around the value.
default() { # NAME VALUE
    local value
    value=$(trimmed "${!1:-}")
    export "$1=${value:-$2}"
}

# Generates a secret once and keeps it, readable by its owner only.
make_secret() { # FILE
    if [[ ! -s $1 ]]; then (umask 077 && head -c 48 /dev/urandom | base64 --wrap=0 >"$1"); fi
}

# The settings that name a database.
database_settings=({,MIGRATION_}DATABASE_URL{,_FILE} POSTGRES_{HOST,PORT,{,API_}{USER,PASSWORD,PASSWORD_FILE},DB})

# Completes the settings. Sets own_database to `yes` if they name no database; this clone's private one is then used.
development_settings() {
    local folder=${DEV_FOLDER:-$root/.build/dev} name
    mkdir -p "$folder"
    # The password of the demo users is public, so the demo has a separate database.
    if [[ ${demo:-} ]]; then unset "${database_settings[@]}"; else load_dotenv; fi
    default APP_ENV development
    default EXTERNAL_PORT 6666
    default BROWSER_PORT 8080
    default API_HOST 127.0.0.1
    default API_PORT 8000
    default FRONTEND_HOST 127.0.0.1
    default FRONTEND_PORT 3000
    default API_URL "$(reachable "$API_HOST" "$API_PORT")"
    default PUBLIC_URL "http://localhost:$BROWSER_PORT"
    default LOG_FORMAT text
    default NGINX_LISTEN "$(loopback_addresses)"
    if [[ -z $(trimmed "${SECRET_KEY:-}${SECRET_KEY_FILE:-}") ]]; then
        make_secret "$folder/secret_key"
        export SECRET_KEY_FILE=$folder/secret_key
    fi
    own_database=yes
    for name in "${database_settings[@]}"; do
        if [[ $(trimmed "${!name:-}") ]]; then own_database=; fi
    done
    if [[ $own_database ]]; then
        # Two roles, as in production, so that missing privileges are found during development.
        MIGRATION_DATABASE_URL=$("$root/scripts/postgres" url "${DEV_CLUSTER:-dev}")
        DATABASE_URL=$("$root/scripts/postgres" url "${DEV_CLUSTER:-dev}" yoshikosan yoshikosan_api)
        export MIGRATION_DATABASE_URL DATABASE_URL
    fi
}

# The addresses of `localhost`.
loopback_addresses() {
    if grep -q ' lo$' /proc/net/if_inet6 2>/dev/null; then printf '127.0.0.1 [::1]'; else printf '127.0.0.1'; fi
}

# Fails if a port is in use, or is given twice; prints what uses it and how to choose another port.
require_free_ports() { # NAME …
    local name port owner other taken=()
    local -A given=()
    for name in "$@"; do
        port=${!name}
        if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
            failure=78 die "$name is '$port'" "it must be a number from 1 to 65535"
        fi
        other="choose another: make dev $name=$((port < 65000 ? port + 1 : 20000))"
        [[ -z ${given[$port]:-} ]] || failure=78 die "$name and ${given[$port]} are both $port" "$other"
        given[$port]=$name
        owner=$(ss --no-header --listening --tcp --numeric --processes "sport = :$port")
        if [[ -n $owner ]]; then
            if [[ $owner =~ \(\(\"([^\"]+)\",pid=([0-9]+) ]]; then
                owner="process ${BASH_REMATCH[2]} (${BASH_REMATCH[1]})"
            else
                owner="a process of another user"
            fi
            taken+=("port $port ($name) is in use by $owner; $other")
        fi
    done
    if ((${#taken[@]})); then failure=69 die "${taken[0]}" "${taken[@]:1}"; fi
}
