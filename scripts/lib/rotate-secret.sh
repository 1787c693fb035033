# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # programs for another shell; names shared with the program that reads this
# Rotating the SECRET_KEY that the service `secrets` has generated, so that nobody is signed out.
#
# The key is the file secret_key in the volume of secrets; AuthAPI takes secret_key_previous beside it as
# SECRET_KEY_PREVIOUS. First every replica learns to accept the new key, then every replica signs with it: a replica that
# signs with a key beside one that does not know it would sign people out. While a rotation is under way,
# secret_key_rotation says how far it is (`accept` or `sign`), so that one that was interrupted can be continued.

# Days for which a session lives, and with it the former key.
session_days=7

# Defines, for those programs, replacing a file by standard input in one step.
put='put() { cat >next && mv -f next "$1"; }
'

# Runs a shell program with the volume, as the user that owns the files.
in_secrets() { # PROGRAM
    local volume
    volume=$(engine volume ls --quiet --filter "label=com.docker.compose.project=$(project)" \
        --filter label=com.docker.compose.volume=secrets)
    [[ $volume ]] || die "there is no volume of secrets" "start the site: make docker-up"
    engine run --rm --network=none --user=65532:999 --workdir=/secrets "--volume=$volume:/secrets" --entrypoint=sh \
        postgres:17-bookworm -euc "umask 377; $1"
}

# Days since the former key was replaced; nothing when there is none.
former_age() { in_secrets 'if [ -e secret_key_previous ]; then echo $((($(date +%s) - $(stat -c %Y secret_key_previous)) / 86400)); fi'; }

require_generated_key() {
    local given
    given=$(engine compose config secrets | sed -n 's/^ *SECRET_KEY\(_FILE\)\{0,1\}: //p' | grep -vx '""' | head -n 1 || true)
    [[ -z $given ]] ||
        die "SECRET_KEY or SECRET_KEY_FILE is set in .env or the environment" \
            "make the old key SECRET_KEY_PREVIOUS (or its _FILE) and set a new one, and then:" \
            "make docker-deploy && docker compose exec backend AuthAPI secret rotate"
    [[ $(containers_of backend) ]] || die "the site does not run" "start it: make docker-up"
}

# Replaces every replica of the API by one that reads the keys again, without a failed request.
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
    local age phase
    require_generated_key
    one_at_a_time
    age=$(former_age)
    phase=$(in_secrets 'cat secret_key_rotation 2>/dev/null || true')
    if [[ $phase ]]; then
        say "A rotation was interrupted; continuing it."
    elif [[ $age ]] && ((age < session_days)); then
        die "the former key is still needed: it was replaced $age days ago, and sessions live for $session_days" \
            "rotate again in $((session_days - age)) days"
    else
        in_secrets "$put"'
            head -c 32 /dev/urandom | base64 --wrap=0 | tr "+/" "-_" | tr -d = | put secret_key_previous
            echo accept | put secret_key_rotation'
        phase=accept
    fi
    trap end_deployment EXIT
    on_signals
    if [[ $phase == accept ]]; then
        if [[ -z $(in_secrets 'ls secret_key_former 2>/dev/null || true') ]]; then
            say "1 of 3: every replica learns to accept the new key"
            roll
        fi
        # Neither key is ever without a file.
        in_secrets "$put"'
            [ -e secret_key_former ] || put secret_key_former <secret_key
            put secret_key <secret_key_previous
            echo sign | put secret_key_rotation'
    fi
    in_secrets 'if [ -e secret_key_former ]; then mv secret_key_former secret_key_previous && touch secret_key_previous; fi'
    say "2 of 3: every replica signs with the new key, and accepts the former one"
    roll
    say "3 of 3: the stored tokens of Google and Discord are encrypted with the new key"
    long docker compose run --rm --no-deps -T backend secret rotate 2> >(quiet_compose >&2) ||
        die "not every stored token could be encrypted with the new key" "the reason stands above; then run this again"
    in_secrets 'rm -f secret_key_rotation'
    say "The key is rotated; nobody was signed out."
    say "The former key can go after $(date --utc --date "+$session_days days" '+%Y-%m-%d %H:%M UTC'): make docker-forget-secret"
}

# Deletes the former key.
forget_secret() {
    local age
    require_generated_key
    one_at_a_time
    age=$(former_age)
    if [[ -z $age ]]; then
        say "There is no former key."
        return
    fi
    ((age >= session_days)) || [[ ${YES:-} == 1 ]] ||
        die "the former key is still needed: it was replaced $age days ago, and sessions live for $session_days" \
            "to end every session that it signed all the same: make docker-forget-secret YES=1"
    trap end_deployment EXIT
    in_secrets 'rm -f secret_key_previous secret_key_rotation'
    roll
    say "The former key is deleted."
}
