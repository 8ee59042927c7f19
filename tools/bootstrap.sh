# SPDX-License-Identifier: MIT
# Sourced by ./demo and ./check: finds what a build needs, and installs what is missing where that
# is possible (Debian and its kin, as root or through sudo). Elsewhere it names what is missing.

# One line each: how to see that it is there, and Debian's package that brings it.
basic_needs='command -v cc|gcc
test -e /usr/include/stdio.h|libc6-dev
command -v meson|meson
command -v ninja|ninja-build
command -v pkg-config|pkg-config
pkg-config --exists cmocka|libcmocka-dev
command -v strace|strace
command -v python3|python3'

missing_packages() {
	printf '%s\n' "$1" | while IFS='|' read -r test package; do
		sh -c "$test" >/dev/null 2>&1 || printf '%s ' "$package"
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# bootstrap NEEDS: installs nothing, and touches no network, once all is there.
bootstrap() {
	packages=$(missing_packages "$1")
	[ -n "$packages" ] || return 0
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "Missing here: what Debian's packages bring as: $packages" >&2
		echo "Install them with this system's package manager, then start again." >&2
		exit 1
	fi
	echo "Installing: $packages" >&2
	log=$(mktemp)
	# shellcheck disable=SC2086 # a list of words
	if ! { as_root apt-get -q update && DEBIAN_FRONTEND=noninteractive as_root \
		apt-get -q install -y --no-install-recommends $packages; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		echo "Could not install: $packages" >&2
		exit 1
	fi
	rm -f "$log"
}

# build DIR MESON-OPTION...: configures once, then builds what has changed.
build() {
	dir=$1
	shift
	log=$dir.log
	mkdir -p "$(dirname "$dir")"
	if [ -f "$dir/build.ninja" ]; then
		meson configure "$dir" "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
	else
		meson setup "$dir" "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
	fi
	ninja -C "$dir" >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
}
