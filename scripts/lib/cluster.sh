# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# Using a PostgreSQL of this clone for as long as a program runs. Whoever lets go of it last stops it, also one that an
# earlier program, killed without warning, has left.

# Starts it, unless it runs: use_cluster NAME [KEY=VALUE …]
use_cluster() {
    local use=$root/.build/postgres-$1/use
    mkdir -p "$use"
    exec {cluster}<"$use"
    flock --shared "$cluster"
    cluster_name=$1
    "$root/scripts/postgres" start "$@" {cluster}<&-
}

release_cluster() {
    if [[ -n ${cluster_name:-} ]] && flock --nonblock "$cluster"; then
        "$root/scripts/postgres" stop "$cluster_name" {cluster}<&-
    fi
}
