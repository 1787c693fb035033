# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# The restore drill of scripts/backup: restores a backup into a separate database and signs in.

# Signs in with a temporary user through an API that runs on `scratch`.
sign_in() {
    local email password response cookie
    email=drill-$RANDOM$RANDOM@drill.invalid
    password=Drill-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')-Q7
    serving_api "$scratch" user create "$email" --name Drill <<<"$password" >/dev/null || return
    start_scratch_api "$scratch"
    response=$(printf '{"email":"%s","password":"%s"}' "$email" "$password" |
        ask /api/auth/login --include --header 'Content-Type: application/json' --data @-) ||
        die "the API on the restored data does not respond" "curl failed with status $?"
    cookie=$(sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' <<<"$response" | head -n 1)
    [[ $response == "HTTP/1.1 200"* && $cookie ]] || die "the test user could not sign in" "${response%%$'\r'*}"
    # Through standard input, because command lines are visible to other users.
    response=$(printf 'Cookie: %s\n' "$cookie" | ask /api/auth/me --header @-)
    [[ $response == *"$email"* ]] || die "the test user is not signed in after signing in" "$response"
}

# Deletes databases that killed drills have left, if they are more than a day old.
drop_abandoned() { # DATABASE
    local abandoned
    query '' "select datname from pg_database
        where datname ~ '_drill_[0-9]{14}$' and left(datname, -21) = '$(plain_name "$1")'
            and right(datname, 14) < to_char(now() at time zone 'UTC' - interval '1 day', 'YYYYMMDDHH24MISS')" </dev/null |
        while IFS= read -r abandoned; do
            query "$beside" "drop database if exists \"$abandoned\" with (force)" </dev/null
            say "Deleted the database $abandoned, which a killed drill had left."
        done
}

# Restores a backup, by default the newest one, into a separate database, and signs in.
drill() { # [FILE]
    local name file=${1:-} table rows now age
    if [[ -z $file ]]; then
        file=$({ find -H "$folder" -maxdepth 1 \( -name '*.dump' -o -name '*.dump.age' \) -printf '%T@ %p\n' 2>/dev/null || true; } | sort -n | tail -n 1 | cut -d' ' -f2-)
        [[ $file ]] || die "there is no backup in $folder" "create one: make $([[ $where == here ]] && printf db || printf docker)-backup"
        age=$(($(date +%s) - $(stat -c %Y "$file")))
        say "The newest backup: $file, $((age / 86400)) days, $((age / 3600 % 24)) hours and $((age / 60 % 60)) minutes old"
    fi
    verify "$file"
    say "Its checksum is correct."
    find_database
    refuse_newer "$file"
    refuse_elsewhere "$file"
    drop_abandoned "$name"
    restore_beside "$(plain_name "$name")_drill_$(date --utc +%Y%m%d%H%M%S)" "$file"
    rows_in '' >"$scratch_folder/live"
    say "Rows:                          backup  restored  now"
    while read -r table rows; do
        now=$(awk -v table="$table" '$1 == table { print $2 }' "$scratch_folder/live")
        say "$(printf '    %-24s %8s  %8s  %s' "$table" "$rows" "$rows" "${now:-none}")"
    done <"$scratch_folder/restored"
    sign_in
    record "$name" drill
    say "A test user signed in on the restored data."
    say "The restore drill succeeded; everything it created was removed."
}

# Writes a backup and runs the drill on it. Only if the drill succeeds, keeps the backup and deletes old ones. The drill of an
# encrypted backup uses an unencrypted copy, because the private key is not on this machine.
daily() {
    local file kept=$folder
    folder=$kept/untried
    # A failed drill leaves its backup there.
    rm -rf "$folder"
    (umask 077 && mkdir -p "$folder")
    if [[ ${BACKUP_RECIPIENT:-} && -z ${BACKUP_IDENTITY:-} ]]; then plain=$folder/copy; fi
    create
    if [[ $plain ]]; then printf '%s  copy\n' "$(checksum "$plain")" >"$plain.sha256"; fi
    drill "${plain:-$file}"
    mv "$file.sha256" "$file" "$kept"
    folder=$kept
    say "Kept: $folder/${file##*/}"
    delete_old
}
