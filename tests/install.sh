#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs a build into a folder, and uses it as any program would: through pkg-config, shared and
# static. usage: tests/install.sh BUILD-DIR
set -eu
build=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

DESTDIR=$root meson install -C "$build" --no-rebuild >/dev/null
prefix=$root/usr/local
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name anyring.pc)")
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
libdir=$(dirname "$PKG_CONFIG_PATH")

cat >"$root/nop.c" <<'C'
#include <anyring.h>
#include <liburing.h>
#include <stdio.h>

int main(void)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int ret = io_uring_queue_init(4, &ring, 0);

	if (ret || !anyring_engine_name(anyring_ring_engine(&ring)))
		return 1;
	io_uring_prep_nop(io_uring_get_sqe(&ring));
	if (io_uring_submit_and_wait(&ring, 1) != 1 || io_uring_peek_cqe(&ring, &cqe))
		return 1;
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	return puts("works") < 0;
}
C
# shellcheck disable=SC2046 # lists of words
cc $(pkg-config --cflags anyring) "$root/nop.c" -o "$root/shared" $(pkg-config --libs anyring)
# shellcheck disable=SC2046
cc $(pkg-config --cflags anyring) "$root/nop.c" -o "$root/static" "$libdir/libanyring.a"
LD_LIBRARY_PATH=$libdir "$root/shared"
"$root/static"
[ "$("$prefix/bin/anyring" --version)" = "anyring $(pkg-config --modversion anyring)" ]

for page in man1/anyring-echo.1 man1/anyring-load.1 man3/anyring.3 man3/anyring_engine.3 man7/anyring.7 \
	man7/anyring-functions.7; do
	[ -s "$prefix/share/man/$page" ] || { echo "no $page"; exit 1; }
done

# Every header stands on its own, and with checks; C++ takes them, too.
for header in "$prefix"/include/anyring/*.h "$prefix"/include/anyring/liburing/*.h "$prefix"/include/anyring/liburing/io_uring/*.h; do
	case $header in
	*/prep_*.h | */checked.h) continue ;;
	esac
	echo "#include \"$header\"" | cc -Wall -Werror -I"$prefix/include/anyring" -fsyntax-only -x c -
done

# Nothing but the API is visible.
grep -oE 'anyring_[a-z_]+\(' "$prefix/include/anyring/anyring.h" | tr -d '(' >"$root/names"
others=$(nm -D --defined-only "$libdir/libanyring.so" | awk '{ print $3 }' |
	grep -vE '^(__)?io_uring_' | grep -vxF -f "$root/names" || true)
[ -z "$others" ] || { echo "exported by mistake: $others"; exit 1; }
