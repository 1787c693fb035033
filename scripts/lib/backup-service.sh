# shellcheck shell=bash disable=SC2034,SC2154 # the names shared with the program that reads this file
# What scripts/backup needs in the container of the service `backup`: the database of the settings, with nothing to install.
# shellcheck source=backup-here.sh
source "$root/scripts/lib/backup-here.sh"

prepare() { binaries=$(binaries); }

leave() { :; }
