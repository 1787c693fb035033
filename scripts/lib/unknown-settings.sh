# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# Names in .env and on make's command line that no service reads. Compose passes on only the names that compose.yml contains,
# so the servers cannot warn of the others.
# shellcheck source=dotenv.sh
source "$root/scripts/lib/dotenv.sh"

# Prints a warning for each such name. The API knows all names and suggests the most similar one; it gets no values.
warn_of_unknown_settings() {
    local name names=() options=() words=" ${MAKEFLAGS:-}"
    if has_dotenv && [[ ! ${COMPOSE_DISABLE_ENV_FILE:-} =~ ^(1|[tT].*)$ ]]; then
        parse_dotenv "$root/.env"
        names=("${!dotenv[@]}")
    fi
    # make puts NAME=VALUE behind two hyphens.
    if [[ $words == *' -- '* ]]; then
        for name in ${words#* -- }; do
            if [[ $name =~ ^([A-Z][A-Z0-9_]*)= ]]; then names+=("${BASH_REMATCH[1]}"); fi
        done
    fi
    if ((${#names[@]} == 0)); then return; fi
    for name in "${names[@]}"; do options+=("--env=$name=x"); done
    engine run --rm --network=none --read-only --cap-drop=ALL "${options[@]}" "$(image_of backend)" check-config 2>&1 |
        grep '^warning: ' >&2 || true
}
