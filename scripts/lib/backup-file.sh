# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# The files of backups: how many are kept, and for whom they are encrypted.

# Deletes all backups of a database but the newest ones.
delete_old() { # NUMBER NAME
    local file
    find "$folder" -maxdepth 1 -type f -regextype posix-extended \
        -regex ".*/$2-[0-9]{8}T[0-9]{6}Z\.dump(\.age)?" | sort -r | tail -n "+$(($1 + 1))" |
        while read -r file; do
            rm -f "$file" "$file.sha256"
            say "Deleted: $file (BACKUP_KEEP=$1)"
        done
}

# The recipient is a public key, or a file with one a line.
recipient() {
    case $BACKUP_RECIPIENT in
    age1* | ssh-*) printf '%s\n' --recipient "$BACKUP_RECIPIENT" ;;
    *) printf '%s\n' --recipients-file "$BACKUP_RECIPIENT" ;;
    esac
}

encrypt() {
    local options
    mapfile -t options < <(recipient)
    age --encrypt "${options[@]}"
}

# Before the database is read.
check_recipient() {
    "$root/scripts/install-tools" age
    encrypt </dev/null >/dev/null 2>"$scratch_folder/refusal" ||
        failure=78 die "BACKUP_RECIPIENT is '$BACKUP_RECIPIENT', which age refuses" "$(head -n 1 "$scratch_folder/refusal")" \
            "it is a public key (age1…, made by age-keygen) or a file with one a line"
}

# Prints a backup as pg_dump wrote it.
decrypted() { # FILE
    if [[ $1 != *.age ]]; then
        cat "$1"
    else
        age --decrypt --identity "$BACKUP_IDENTITY" "$1"
    fi
}

# Before anything else is done with a backup.
check_identity() { # FILE
    if [[ $1 != *.age ]]; then return; fi
    [[ ${BACKUP_IDENTITY:-} ]] || failure=78 die "$1 is encrypted" "name the file with the private key: BACKUP_IDENTITY=…"
    "$root/scripts/install-tools" age
    decrypted "$1" 2>"$scratch_folder/refusal" >/dev/null ||
        failure=78 die "$1 cannot be decrypted with $BACKUP_IDENTITY" "$(head -n 1 "$scratch_folder/refusal")"
}
