# shellcheck shell=bash
# Included by every program in scripts/. Requires bash 4.4 or later.
set -euo pipefail
shopt -s inherit_errexit

PATH=$PATH:/usr/sbin:/sbin
# If CDPATH is set, cd prints the folder and may change to another one.
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# Prints a message to standard error.
say() { printf '%s\n' "$*" >&2; }

# Exits with the cause and the next step, one argument per line. The status is $failure, or 1.
die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    if (($#)); then printf '    %s\n' "$@" >&2; fi
    exit "${failure:-1}"
}

# Ends the program at a signal, with the usual status; its EXIT trap runs.
#
# The trap ends with a line break and a parenthesis because of a fault of Bash 5.2: if a signal arrives before the second of
# two `$(…)` in one command, Bash parses the trap as part of that `$(…)`, and fails if it finds no closing parenthesis. In all
# other cases, Bash runs `exit`, which the line break ends, before it reads the parenthesis.
exit_on_signals() {
    local end=$'\n)' signal
    for signal in INT TERM HUP; do
        # shellcheck disable=SC2064 # The variables are expanded here, or ShellCheck reads the parenthesis as a fault.
        trap "exit $((128 + $(kill -l "$signal")))$end" "$signal"
    done
}

# The text without surrounding white space, which the servers remove from settings, too.
trimmed() { # TEXT
    local text=$1 before='' blank
    while [[ $text != "$before" ]]; do
        before=$text
        text=${text#"${text%%[![:space:]]*}"}
        text=${text%"${text##*[![:space:]]}"}
        # The spaces U+00A0 and U+3000, and the byte order mark, in every locale.
        for blank in $'\xc2\xa0' $'\xe3\x80\x80' $'\xef\xbb\xbf'; do
            text=${text#"$blank"}
            text=${text%"$blank"}
        done
    done
    printf '%s' "$text"
}

# Whether a program is installed.
have() { command -v "$1" >/dev/null 2>&1; }

# Fails unless this user can use a container engine with Docker Compose; the reason is in Docker's words.
require_engine() { # ALTERNATIVE
    local reason
    if ! reason=$(docker info 2>&1 >/dev/null) || ! reason=$(docker compose version 2>&1 >/dev/null); then
        reason=$(grep -v '^WARNING' <<<"$reason" | head -n 1 || true)
        failure=69 die "Docker with Compose cannot be used" "$reason" "start one, or $1"
    fi
}

# A private folder for this clone, short enough for socket names (107 bytes) regardless of the path of the clone.
short_directory() { # NAME
    local base=${XDG_RUNTIME_DIR:-/tmp} sum path
    [[ -w $base && ${#base} -le 40 ]] || base=/tmp
    sum=$(printf '%s' "$root/$1" | cksum)
    path=$base/yoshikosan-$EUID-${sum%% *}
    [[ -d $path ]] || mkdir -m 700 "$path"
    # Another user could have created it first, to intercept connections.
    [[ -O $path && ! -L $path ]] || die "$path belongs to another user" "remove it, or set XDG_RUNTIME_DIR"
    chmod 700 "$path"
    printf '%s' "$path"
}

# The URL at which a server that listens on an address can be reached.
reachable() { # HOST PORT
    local host port=${2//[[:space:]]/}
    # As in the servers: surrounding white space is ignored, IPv6 addresses may have brackets.
    host=${1//[[:space:]]/}
    host=${host#[} host=${host%]}
    case $host in
    0.0.0.0 | '*' | '') host=127.0.0.1 ;;
    *:*)
        if [[ ! $host =~ [^:0] ]]; then host=::1; fi
        host=[$host]
        ;;
    esac
    printf 'http://%s:%s' "$host" "$port"
}

# The folder of the programs built by `make build`; BINARIES names another folder, in which nothing is built.
binaries() { if [[ -n ${BINARIES:-} ]]; then printf '%s' "$BINARIES"; else swift build --package-path "$root" --show-bin-path; fi; }
