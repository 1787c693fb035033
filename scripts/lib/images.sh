# shellcheck shell=bash disable=SC2153,SC2154 # the names shared with the program that reads this file
# What becomes of the images beside running them.

# Copies out of an image what it says of itself.
copy_bill() { # SERVICE
    local folder=$root/.build/sbom/$1 image id
    image=$(image_of "$1")
    id=$(docker create "$image")
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! docker cp "$id:/usr/share/doc/yoshikosan/." "$folder" >/dev/null || [[ ! -f $folder/sbom.spdx.json ]]; then
        docker rm "$id" >/dev/null
        die "the image $image does not say what is in it" "build it again: make docker-build"
    fi
    docker rm "$id" >/dev/null
    (cd "$root" && printf '%s\n' ".build/sbom/$1"/{sbom.spdx.json,THIRD-PARTY.txt} | xargs ls 2>/dev/null || true)
}

sbom() {
    local service
    for service in backend frontend nginx; do
        docker image inspect "$(image_of "$service")" >/dev/null 2>&1 || docker compose build "$service"
        copy_bill "$service"
    done
}

# Builds the images of a release, and pushes them to the registry that IMAGE_PREFIX names.
release() {
    local service image revision
    [[ ${TAG:-} =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ && $TAG != latest ]] ||
        die "TAG is '${TAG:-}'" "name the release: make docker-release TAG=1.2.3 IMAGE_PREFIX=registry.example.com/"
    [[ ${IMAGE_PREFIX:-} == */ ]] ||
        die "IMAGE_PREFIX is '${IMAGE_PREFIX:-}'" "name the registry, with a / at the end: IMAGE_PREFIX=registry.example.com/"
    if git rev-parse --git-dir >/dev/null 2>&1 && [[ -n $(git status --porcelain) ]]; then
        die "there are changes that are not committed" "a release is of a revision: commit them, or put them aside (git stash)"
    fi
    # What a registry gets is what anybody with this revision gets.
    export IMAGE_NAME=${IMAGE_NAME:-yoshikosan}
    docker compose build backend frontend nginx
    for service in backend frontend nginx; do
        image=$(image_of "$service")
        revision=$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$image")
        [[ $revision == "$REVISION" && $revision != unknown ]] ||
            die "the image $image is of revision $revision, not of $REVISION" "set REVISION, or release from a git clone"
        copy_bill "$service"
    done
    for service in backend frontend nginx; do docker push --quiet "$(image_of "$service")"; done
}
