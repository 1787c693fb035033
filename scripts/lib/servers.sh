# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# Starts servers, waits until they respond, and stops them. Each child has its own process group, so that Ctrl-C reaches only
# this program, which stops children in order; each child is also stopped when this program dies.
declare -A process=()

launch() { # NAME COMMAND …
    (
        # Children must not inherit the locks.
        if [[ -n ${lock:-} ]]; then exec {lock}<&-; fi
        if [[ -n ${cluster:-} ]]; then exec {cluster}<&-; fi
        exec setsid setpriv --pdeathsig TERM -- "${@:2}"
    ) &
    process[$1]=$!
}

running() { [[ -n ${process[$1]:-} ]] && kill -0 "${process[$1]}" 2>/dev/null; }

# Stops a child with SIGTERM, or with SIGKILL after 12 seconds.
end() { # NAME
    local pid=${process[$1]:-} tries
    [[ -n $pid ]] || return 0
    unset "process[$1]"
    kill -TERM "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 120; tries++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    # Processes that the child left behind are in its group.
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# Waits until a URL returns 200; fails as soon as the server exits.
await() { # NAME URL
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        if curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null "$2"; then return 0; fi
        if ! running "$1"; then
            say "$1 exited before it responded at $2."
            return 1
        fi
        sleep 0.1
    done
    say "$1 did not respond at $2 within 30 seconds."
    return 1
}

start_api() {
    launch AuthAPI "$binaries/AuthAPI" serve
    await AuthAPI "$(reachable "$API_HOST" "$API_PORT")/health/ready"
}

start_frontend() {
    launch WebFrontend "$binaries/WebFrontend" serve
    await WebFrontend "$(reachable "$FRONTEND_HOST" "$FRONTEND_PORT")/health/live"
}

# Starts the example application on EXAMPLE_PORT of this machine.
start_example() { # FOLDER FOR ITS DATA
    DATA=$1 PYTHONDONTWRITEBYTECODE=1 launch example "$root/.build/example/bin/python" -m uvicorn app:app \
        --app-dir "$root/examples/app" --host 127.0.0.1 --port "$EXAMPLE_PORT" --timeout-graceful-shutdown 5 --no-access-log
    await example "$(reachable 127.0.0.1 "$EXAMPLE_PORT")${APP_PATH%/}/ping"
}

# Starts the mock providers for Google, Discord and another OpenID provider on free ports and sets the site's settings to use them.
start_mock_providers() { # FILE
    local tries name value
    rm -f "$1"
    PYTHONWARNINGS=ignore launch mock-providers "$root/.build/python/bin/python" "$root/Tests/Support/mock_providers.py" "$1"
    for ((tries = 0; tries < 300; tries++)); do
        if ! running mock-providers; then return 1; fi
        # The file is created when all providers listen, and is complete when it has its last line.
        if grep -qs '^OIDC_ISSUER=.' "$1"; then break; fi
        sleep 0.1
    done
    # A value and a file for the same setting are an error.
    unset GOOGLE_CLIENT_SECRET_FILE DISCORD_CLIENT_SECRET_FILE OIDC_CLIENT_SECRET_FILE
    while IFS='=' read -r name value; do export "$name=$value"; done <"$1"
}

# Starts nginx with everything it writes below the given folder.
start_nginx() { # FOLDER
    local backend frontend address user=${NGINX_USER:-}
    backend=$(reachable "$API_HOST" "$API_PORT")
    frontend=$(reachable "$FRONTEND_HOST" "$FRONTEND_PORT")
    # As root, nginx would run its workers as a user who may not be able to access this clone.
    if ((EUID == 0)); then user=${user:-root}; fi
    NGINX_USER=$user BACKEND_ADDRESS=${backend#http://} FRONTEND_ADDRESS=${frontend#http://} \
        "$root/scripts/nginx" "$1" || return
    launch nginx nginx -e "$1/error.log" -c "$1/nginx.conf" -g 'daemon off;'
    # The first address of NGINX_LISTEN. The health check of nginx would not do: it responds to 127.0.0.1 and ::1 only.
    read -r address _ <<<"${NGINX_LISTEN//,/ }"
    await nginx "$(reachable "$address" "$BROWSER_PORT")/error.css"
}
