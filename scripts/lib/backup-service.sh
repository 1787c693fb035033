# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# scripts/backup in the container of the service `backup`: the configured database; the image contains all programs.
# shellcheck source=backup-here.sh
source "$root/scripts/lib/backup-here.sh"

prepare() { binaries=$(binaries); }

leave() { :; }
