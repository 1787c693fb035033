# shellcheck shell=bash
# The containers of the two servers: existing ones, those that a deployment replaces, and the requested number.
#
# A deployment records the containers that it replaces as labels of a volume, so that the requested number of replicas is
# known even after the deployment was killed.

servers=(backend frontend)

# Runs a short command of the engine in a separate session, so that Ctrl-C does not interrupt it.
engine() { setsid docker "$@" </dev/null; }

project() { engine compose config --format json | sed -n 's/^  "name": "\(.*\)",*$/\1/p'; }

# The name of a service's image.
image_of() { # SERVICE
    engine compose config --images "$1" | grep -E -- "-$1:[^/]*$" | head -n 1
}

# The services of the active profiles that use an image of this project.
own_services() {
    printf '%s\n' backend frontend nginx
    engine compose config --services | grep -x backup || true
}

# The containers of a service in any state, one ID per line, oldest first.
containers_of() { # SERVICE
    local ids
    ids=$(engine compose ps --all --quiet --no-trunc "$1")
    if [[ $ids ]]; then
        # shellcheck disable=SC2086 # IDs; a container may have been removed meanwhile
        { engine inspect --format '{{.Created}} {{.ID}}' $ids 2>/dev/null || true; } | sort | cut -d' ' -f2
    fi
}

# Lines of the first text that the second lacks.
only_in_first() { grep -vxF -e "${2:-none}" <<<"$1" | grep . || true; }
in_both() { grep -xF -e "${2:-none}" <<<"$1" | grep . || true; }
count() { grep -c . <<<"$1" || true; }

record() { printf '%s_deployment' "$(project)"; }

write_record() { # SERVICE=CONTAINERS …
    local entry labels=()
    for entry in "$@"; do labels+=(--label "${entry//$'\n'/,}"); done
    engine volume create "${labels[@]}" "$(record)" >/dev/null
}

# The containers of a service that a deployment is replacing.
recorded() { # SERVICE
    engine volume inspect --format "{{index .Labels \"$1\"}}" "$(record)" 2>/dev/null | tr ',' '\n' | grep . || true
}

forget_record() { engine volume rm "$(record)" >/dev/null 2>&1 || true; }

# Stops nginx from sending requests to these containers, some of which may no longer exist. Without arguments, nginx uses all
# containers again.
drain() { # [CONTAINER …]
    local addresses='' format='{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'
    if (($#)); then addresses=$(engine inspect --format "$format" "$@" 2>/dev/null || true); fi
    # shellcheck disable=SC2086 # one argument each
    engine compose exec -T nginx nginx-site drain $addresses
}

# Stops containers, which get no new requests and complete those in progress, and removes them.
remove() { # CONTAINER …
    local id
    drain "$@" >/dev/null 2>&1 || true
    for id in "$@"; do
        engine stop "$id" >/dev/null 2>&1 || true
        engine rm --force "$id" >/dev/null 2>&1 || true
    done
    drain >/dev/null 2>&1 || true
}

# Reverts an unfinished deployment by removing the containers that it added. If it had started to remove old containers, it
# is completed instead.
settle() {
    local service all old new ids going=()
    for service in "${servers[@]}"; do
        old=$(recorded "$service")
        if [[ -z $old ]]; then continue; fi
        all=$(containers_of "$service")
        new=$(only_in_first "$all" "$old")
        if [[ $(in_both "$all" "$old") == "$old" ]]; then
            mapfile -t ids < <(printf '%s' "$new")
            if ((${#ids[@]})); then say "$service: removing ${#ids[@]} new containers of an unfinished deployment"; fi
        elif (($(count "$new") >= $(count "$old"))); then
            mapfile -t ids < <(in_both "$all" "$old")
            if ((${#ids[@]})); then say "$service: removing ${#ids[@]} old containers of an unfinished deployment"; fi
        else
            ids=()
        fi
        going+=("${ids[@]}")
    done
    if ((${#going[@]})); then remove "${going[@]}"; fi
    forget_record
}

# The requested number of replicas of a service.
wanted() { # SERVICE
    local number
    number=$(count "$(containers_of "$1")")
    printf '%s' "$((number > 0 ? number : 1))"
}
