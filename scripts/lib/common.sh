# shellcheck shell=bash
# What every program in scripts/ starts with. Needs bash 4.4 or later.
set -euo pipefail
shopt -s inherit_errexit

PATH=$PATH:/usr/sbin:/sbin
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# Says what happens, apart from the programs' own output.
say() { printf '%s\n' "$*" >&2; }

# Ends with the cause and the next step, one argument a line. The status is $failure, or 1.
die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    shift
    if (($#)); then printf '    %s\n' "$@" >&2; fi
    exit "${failure:-1}"
}

# Whether a program is there.
have() { command -v "$1" >/dev/null 2>&1; }

# A folder of its own for this clone, short enough for socket names (107 bytes) however deep the clone lies.
short_directory() { # NAME
    local base=${XDG_RUNTIME_DIR:-/tmp} sum path
    [[ -w $base && ${#base} -le 40 ]] || base=/tmp
    sum=$(printf '%s' "$root/$1" | cksum)
    path=$base/yoshikosan-$EUID-${sum%% *}
    [[ -d $path ]] || mkdir -m 700 "$path"
    # Somebody else could have made it first, to listen in our place.
    [[ -O $path && ! -L $path ]] || die "$path belongs to somebody else" "remove it, or set XDG_RUNTIME_DIR"
    chmod 700 "$path"
    printf '%s' "$path"
}

# An address that can be opened, for one that is listened on.
reachable() { # HOST PORT
    local host port=${2//[[:space:]]/}
    # As the servers take them: without white space around, IPv6 addresses with or without brackets.
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

# The folder of the programs that `make build` made; BINARIES names another one, in which nothing is built.
binaries() { if [[ -n ${BINARIES:-} ]]; then printf '%s' "$BINARIES"; else swift build --package-path "$root" --show-bin-path; fi; }
