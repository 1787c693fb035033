# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# Replaces AuthAPI, WebFrontend and the configuration of nginx with those of new images, without a failed request.
#
# Serving containers are not touched until all new ones are healthy, and every exit before that removes the new containers.
# First, one new container of each server is started where nginx and the frontends cannot reach it. Then old and new
# containers serve side by side for a few seconds.

child=
committed=
created=
# The message of a program that fails or is interrupted.
if_ended="The new version was not deployed; the previous version keeps serving."
former_configuration=
declare -A built=()

# Runs a long command in a separate session, so that Ctrl-C reaches only this program and takes effect at once.
long() {
    local status=0
    setsid -- "$@" </dev/null &
    child=$!
    wait "$child" || status=$?
    child=
    return "$status"
}

# The name of the container in which a service is tested.
trial() { printf '%s-trial-%s' "$(project)" "$1"; } # SERVICE

remove_trials() {
    local service
    for service in "${servers[@]}"; do engine rm --force "$(trial "$service")" >/dev/null 2>&1 || true; done
}

# Ends the command that `long` runs.
# shellcheck disable=SC2317,SC2329 # called by the trap
end_child() {
    trap '' INT TERM HUP PIPE
    set +e
    if [[ $child ]]; then
        kill -TERM -- "-$child" 2>/dev/null
        wait "$child" 2>/dev/null
        # The engine may still complete the creation of a container.
        sleep 1
    fi
}

# Runs at every exit of a deployment.
# shellcheck disable=SC2317,SC2329 # called by the trap
end_deployment() {
    local status=$? service
    end_child
    remove_trials
    if [[ $committed ]]; then
        complete
    elif ((status)); then
        if [[ $former_configuration ]]; then activate "$former_configuration" >/dev/null; fi
        settle
        # Containers that start later must run the version that is serving.
        for service in "${!built[@]}"; do
            if [[ ${built[$service]} ]]; then engine tag "${built[$service]}" "$(image_of "$service")"; fi
        done
        say "$if_ended"
    fi
    exit "$status"
}

# Pulls the images if IMAGE_PREFIX names a registry, otherwise builds them.
get_images() {
    local service services image
    mapfile -t services < <(own_services)
    if [[ $(image_of backend) != "$(IMAGE_PREFIX='' image_of backend)" ]]; then
        long docker compose pull --quiet "${services[@]}" || die "the images could not be pulled" "IMAGE_PREFIX and TAG name $(image_of backend)"
        return
    fi
    for service in "${services[@]}"; do
        image=$(image_of "$service")
        built[$service]=$(engine image inspect --format '{{.ID}}' "$image" 2>/dev/null || true)
    done
    long docker compose build "${services[@]}" || die "the images could not be built" "see the messages above"
}

# Waits until a container is healthy; otherwise prints the end of its log and fails.
healthy() { # SERVICE CONTAINER
    local tries state
    for ((tries = 0; tries < 600; tries++)); do
        state=$(engine inspect --format '{{.State.Status}}/{{if .State.Health}}{{.State.Health.Status}}{{end}}/{{.RestartCount}}' "$2" 2>/dev/null || printf 'gone//')
        case $state in
        running/healthy/* | running//0) return 0 ;;
        running/starting/0 | created/*) ;;
        *) break ;;
        esac
        long sleep 0.25
    done
    say "--- new $1 ($state), end of its log:"
    engine logs --tail 20 "$2" >&2 || true
    return 1
}

await_healthy() { # SERVICE CONTAINER
    healthy "$@" || die "the new $1 does not become healthy" "see its log above"
}

# Creates containers of a service beside the existing ones and sets `created` to the new ones. `up --no-deps` would use a
# definition without dependencies, so that the next `docker compose up` would replace them.
create_beside() { # SERVICE NUMBER
    local existing service needed=() scales=()
    existing=$(containers_of "$1")
    # Otherwise Compose would scale the servers that this one depends on down to one.
    case $1 in
    frontend) needed=(backend) ;;
    nginx) needed=(backend frontend) ;;
    esac
    for service in "${needed[@]}"; do scales+=(--scale "$service=$(wanted "$service")"); done
    scales+=(--scale "$1=$(($(count "$existing") + $2))")
    long docker compose create --no-build --no-recreate "${scales[@]}" "$1" >/dev/null 2>&1 ||
        die "the new $1 cannot be created" "see its messages: docker compose run --rm --no-deps $1"
    created=$(only_in_first "$(containers_of "$1")" "$existing")
}

# Replaces the only container of a service, with a pause; restarts the old one if the new one fails.
swap() { # SERVICE
    local old new
    trap '' INT TERM HUP
    old=$(containers_of "$1")
    create_beside "$1" 1
    new=$created
    if [[ $old ]]; then engine stop "$old" >/dev/null; fi
    if ! engine start "$new" >/dev/null || ! healthy "$1" "$new"; then
        engine rm --force "$new" >/dev/null
        if [[ $old ]]; then engine start "$old" >/dev/null; fi
        die "the new $1 does not become healthy" "see its log above"
    fi
    if [[ $old ]]; then engine rm "$old" >/dev/null; fi
    say "$1: replaced"
}

# Tests one new container of each server under a name that receives no requests.
try_out() {
    local service
    for service in "${servers[@]}"; do
        say "$service: testing the new version"
        long docker compose run --detach --no-deps --name "$(trial "$service")" "$service" >/dev/null 2>&1 ||
            die "the new $service cannot be started" "see its messages: docker compose run --rm --no-deps $service"
    done
    for service in "${servers[@]}"; do await_healthy "$service" "$(trial "$service")"; done
    remove_trials
}

# Starts the requested number of new containers of each service beside the serving ones.
start_beside() { # SERVICE …
    local service id number
    for service in "$@"; do
        number=$(count "$(recorded "$service")")
        say "$service: starting $number new beside $number serving"
        create_beside "$service" "$number"
        # shellcheck disable=SC2086 # one argument each
        engine start $created >/dev/null || die "the new $service cannot be started" "check whether the machine has memory for $number more"
    done
    for service in "$@"; do
        for id in $(only_in_first "$(containers_of "$service")" "$(recorded "$service")"); do
            await_healthy "$service" "$id"
        done
    done
}

# The layers of an image without those of this project; empty if the image does not exist.
base_of() { # IMAGE
    engine image inspect --format '{{json .RootFS.Layers}}' "$1" 2>/dev/null | sed 's/,"[^"]*"\]$//'
}

# Whether the running nginx can load the new configuration: it runs our image with the same nginx.
takes_configurations() {
    local id
    id=$(containers_of nginx)
    [[ $id && $(engine inspect --format '{{.State.Running}} {{.Path}}' "$id") == 'true nginx-site' ]] &&
        [[ $(base_of "$(engine inspect --format '{{.Image}}' "$id")") == "$(base_of "$(image_of nginx)")" ]]
}

activate() { engine compose exec -T nginx nginx-site activate "$1"; } # CONFIGURATION

# Whether the container of a service matches its current definition.
is_current() { # SERVICE
    local present container label=com.docker.compose.config-hash
    present=$(engine compose config --hash "$1")
    container=$(containers_of "$1")
    [[ $container && ${present##* } == "$(engine inspect --format "{{index .Config.Labels \"$label\"}}" "$container")" ]]
}

# Activates the new nginx configuration. Another version of nginx needs a new container.
replace_configuration() { # CONFIGURATION
    if takes_configurations; then
        former_configuration=$(activate "$1") || die "nginx keeps its previous configuration" "see its message above"
        say "nginx: new configuration active"
    else
        swap nginx
    fi
}

# Concurrent deployments would replace each other's containers.
one_at_a_time() {
    mkdir -p "$root/.build"
    exec {deployment}<"$root/.build"
    flock --nonblock "$deployment" || die "another deployment is running in this clone" "wait until it ends"
}

# Hides the progress lines of Compose.
quiet_compose() { grep -vE '^ *(Container|Network|Volume) | (Creating|Created|Starting|Started) *$' || true; }

# Recreates the containers of the one-shot services. Otherwise the next `docker compose up` would replace them and everything
# that depends on them, including PostgreSQL.
renew_one_shots() {
    local service old
    for service in secrets migrate; do
        old=$(containers_of "$service")
        if [[ $old ]]; then engine rm --force "$old" >/dev/null; fi
        create_beside "$service" 1
    done
}

deploy() {
    local configuration service postgres_changed=
    [[ $(containers_of backend) && $(containers_of frontend) && $(containers_of nginx) ]] ||
        die "the site is not running" "start it: make docker-up"
    one_at_a_time
    if ! is_current postgres; then
        postgres_changed=yes
        say "The definition of PostgreSQL has changed: it will be replaced, and requests get 503 for a few seconds."
    fi
    settle
    remove_trials
    trap end_deployment EXIT
    exit_on_signals
    get_images
    warn_of_unknown_settings
    if ! takes_configurations; then
        say "nginx itself has changed: its container will be replaced at the end, with about one second of downtime."
    fi
    configuration=$(engine compose run --rm --no-deps -T nginx stage) ||
        die "nginx rejects its new configuration" "see its message above"
    # A version may need secrets that the previous one did not have.
    long docker compose run --rm --no-deps -T secrets || die "the secrets could not be generated" "see the messages above"
    # Before the schema and the password of the API's role change.
    for service in "${servers[@]}"; do
        long docker compose run --rm --no-deps -T "$service" check-config >/dev/null ||
            die "the settings of the new $service are invalid" \
                "see its messages above, and deploy again soon: changed secrets are stored already"
    done
    if [[ $postgres_changed ]]; then
        swap postgres
        exit_on_signals
    fi
    # The serving version works with the new schema.
    long docker compose run --rm --no-deps -T migrate || die "the schema could not be migrated" "see the messages above"
    try_out
    write_record "backend=$(containers_of backend)" "frontend=$(containers_of frontend)"
    start_beside "${servers[@]}"
    # Wait until nginx and the frontends have resolved the names again.
    long sleep 2
    trap '' INT TERM HUP
    say "All new containers are healthy; the deployment can no longer be interrupted."
    replace_configuration "$configuration"
    committed=yes
    complete
    renew_one_shots
    if [[ $(own_services) == *backup* ]]; then
        engine compose up --detach --no-deps --no-build backup >/dev/null 2>&1 ||
            say "The service backup could not be replaced; its messages: docker compose up --no-deps backup"
    fi
    if ! is_current nginx; then
        say "Changed ports, limits or names of the nginx container take effect with: docker compose up -d --no-deps nginx"
        say "(with about one second of downtime)"
    fi
    say "Deployed."
}

# Removes the replaced containers one by one, after nginx has stopped sending them requests.
complete() {
    local service id
    # shellcheck disable=SC2046 # one argument each
    drain $(for service in "${servers[@]}"; do recorded "$service"; done) || say "nginx could not drain the old servers; it retries on others instead."
    for service in "${servers[@]}"; do
        for id in $(recorded "$service"); do
            engine stop "$id" >/dev/null
            engine rm --force "$id" >/dev/null
            say "$service: replaced ${id:0:12}"
        done
    done
    drain || true
    forget_record
}
