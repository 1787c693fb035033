# shellcheck shell=bash disable=SC2154 # the names shared with the program that reads this file
# Shares a PostgreSQL cluster of this clone between programs. The last one to release it stops it, including a cluster that
# a killed program left running.

# Starts the cluster unless it is running: use_cluster NAME [KEY=VALUE …]
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
