# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # programs for another shell; names shared with the program that reads this
# Rotates the SECRET_KEY that the service `secrets` generated, without signing anyone out.
#
# The key is the file secret_key in the volume of secrets; AuthAPI reads secret_key_previous beside it as
# SECRET_KEY_PREVIOUS. First, every replica accepts the new key; then every replica signs with it. (A replica that signs with
# a key that another replica does not know would sign users out.) During a rotation, secret_key_rotation contains the current
# step (`accept` or `sign`), so that an interrupted rotation can be continued.

# The lifetime of a session in days, during which the previous key is needed.
session_days=7

# A shell function for the programs that in_secrets runs: `put FILE` atomically replaces a file with standard input.
put='put() { rm -f next && cat >next && mv -f next "$1"; }
'

# Runs a shell program with access to the volume, as the owner of the files.
in_secrets() { # PROGRAM
    local volume
    volume=$(engine volume ls --quiet --filter "label=com.docker.compose.project=$(project)" \
        --filter label=com.docker.compose.volume=secrets)
    [[ $volume ]] || die "the volume of secrets does not exist" "start the site: make docker-up"
    engine run --rm --network=none --user=65532:999 --workdir=/secrets "--volume=$volume:/secrets" --entrypoint=sh \
        "$(engine compose config --images postgres | grep -vxF "$(image_of backend)")" -euc "umask 377; $1"
}

# Prints how many days ago the previous key was replaced; nothing if there is none.
former_age() { in_secrets 'if [ -e secret_key_previous ]; then echo $((($(date +%s) - $(stat -c %Y secret_key_previous)) / 86400)); fi'; }

# Prints the name of a setting, or NAME_FILE, if the configuration of a service gives it a value.
given() { # SERVICE NAME
    engine compose config "$1" | sed -nE "/: \"\"\$/d; s/^ *($2(_FILE)?): .*/\1/p" | head -n 1 || true
}

require_generated_key() {
    local name
    name=$(given secrets SECRET_KEY)
    [[ -z $name ]] ||
        die "$name is set in .env or the environment" "docs/upgrading.md describes how to change a key that you set yourself"
    name=$(given backend SECRET_KEY_PREVIOUS)
    [[ -z $name ]] ||
        die "$name is set in .env or the environment, so the servers would ignore the previous key of this rotation" \
            "remove it when no session needs it any more (after $session_days days), then: make docker-deploy"
    [[ $(containers_of backend) ]] || die "the site is not running" "start it: make docker-up"
}

# Replaces every API replica with one that reads the keys again, without a failed request.
roll() {
    settle
    write_record "backend=$(containers_of backend)"
    start_beside backend
    long sleep 2
    committed=yes
    complete
    committed=
}

rotate_secret() {
    local age phase status=0
    require_generated_key
    one_at_a_time
    age=$(former_age)
    phase=$(in_secrets 'cat secret_key_rotation 2>/dev/null || true')
    if [[ $phase ]]; then
        say "A rotation was interrupted; continuing it."
    elif [[ $age ]] && ((age < session_days)); then
        die "the previous key is still needed: it was replaced $age days ago, and sessions last $session_days days" \
            "rotate again in $((session_days - age)) days, or end every session that it signed: make docker-forget-secret YES=1"
    else
        in_secrets "$put"'
            head -c 32 /dev/urandom | base64 --wrap=0 | tr "+/" "-_" | tr -d = | put secret_key_previous
            echo accept | put secret_key_rotation'
        phase=accept
    fi
    if_ended="The key is not rotated yet, and no user was signed out. To continue: make docker-rotate-secret"
    trap end_deployment EXIT
    exit_on_signals
    if [[ $phase == accept ]]; then
        if [[ -z $(in_secrets 'ls secret_key_former 2>/dev/null || true') ]]; then
            say "1 of 3: every replica accepts the new key"
            roll
        fi
        # Whenever this is interrupted, each of the two keys is in a file.
    fi
    # One program makes both changes, because no replica can start while both files contain the same key.
    in_secrets "$put"'
        if [ "$(cat secret_key_rotation)" = accept ]; then
            [ -e secret_key_former ] || put secret_key_former <secret_key
            put secret_key <secret_key_previous
            echo sign | put secret_key_rotation
        fi
        if [ -e secret_key_former ]; then mv -f secret_key_former secret_key_previous && touch secret_key_previous; fi'
    say "2 of 3: every replica signs with the new key and accepts the previous one"
    roll
    say "3 of 3: stored provider tokens are encrypted with the new key"
    # Status 78 is not an error: tokens that no key decrypts are replaced when their users sign in.
    long docker compose run --rm --no-deps -T backend secret rotate 2> >(quiet_compose >&2) || status=$?
    ((status == 0 || status == 78)) ||
        die "not every stored token could be encrypted with the new key" "fix the cause above, then: make docker-rotate-secret"
    in_secrets 'rm -f secret_key_rotation'
    say "The key is rotated; no user was signed out."
    say "The previous key can be deleted after $(date --utc --date "+$session_days days" '+%Y-%m-%d %H:%M UTC'): make docker-forget-secret"
}

# Deletes the previous key.
forget_secret() {
    local age
    require_generated_key
    one_at_a_time
    age=$(former_age)
    if [[ -z $age ]]; then
        say "There is no previous key."
        return
    fi
    ((age >= session_days)) || [[ ${YES:-} == 1 ]] ||
        die "the previous key is still needed: it was replaced $age days ago, and sessions last $session_days days" \
            "to delete it anyway and end every session that it signed: make docker-forget-secret YES=1"
    if_ended="Some replicas still accept the previous key. To continue: make docker-deploy"
    trap end_deployment EXIT
    exit_on_signals
    in_secrets 'rm -f secret_key_previous secret_key_former secret_key_rotation'
    roll
    say "The previous key is deleted."
}
