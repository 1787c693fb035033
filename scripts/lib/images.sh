# shellcheck shell=bash disable=SC2153,SC2154 # the names shared with the program that reads this file
# Bills of materials and releases of the images.

# Copies the bill of materials out of an image.
copy_bill() { # SERVICE
    local folder=$root/.build/sbom/$1 image id
    image=$(image_of "$1")
    id=$(docker create "$image")
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! docker cp "$id:/usr/share/doc/yoshikosan/." "$folder" >/dev/null || [[ ! -f $folder/sbom.spdx.json ]]; then
        docker rm "$id" >/dev/null
        die "the image $image contains no bill of materials" "build it again: make docker-build"
    fi
    docker rm "$id" >/dev/null
    (cd "$root" && printf '%s\n' ".build/sbom/$1"/{sbom.spdx.json,THIRD-PARTY.txt} | xargs ls 2>/dev/null || true)
}

sbom() {
    local service
    for service in $(own_services); do
        docker image inspect "$(image_of "$service")" >/dev/null 2>&1 || docker compose build "$service"
        copy_bill "$service"
    done
}

# Builds the images of a release and pushes them to the registry IMAGE_PREFIX.
release() {
    local service image revision
    [[ ${TAG:-} =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ && $TAG != latest ]] ||
        die "TAG is '${TAG:-}'" "name the release: make docker-release TAG=1.2.3 IMAGE_PREFIX=registry.example.com/"
    [[ ${IMAGE_PREFIX:-} == */ ]] ||
        die "IMAGE_PREFIX is '${IMAGE_PREFIX:-}'" "it must be the registry, ending in /: IMAGE_PREFIX=registry.example.com/"
    if git rev-parse --git-dir >/dev/null 2>&1 && [[ -n $(git status --porcelain) ]]; then
        die "there are uncommitted changes" "a release needs a revision: commit or stash them"
    fi
    # Independent of the project name, so that a revision always gives the same names.
    export IMAGE_NAME=${IMAGE_NAME:-yoshikosan} COMPOSE_PROFILES=backup
    docker compose build backend frontend nginx backup
    for service in $(own_services); do
        image=$(image_of "$service")
        revision=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$image")
        [[ $revision == "$REVISION" && $revision != unknown ]] ||
            die "the image $image has revision $revision instead of $REVISION" "set REVISION, or release from a git clone"
        copy_bill "$service"
    done
    for service in $(own_services); do docker push --quiet "$(image_of "$service")"; done
}
