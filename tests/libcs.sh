#!/bin/sh
# SPDX-License-Identifier: MIT
# The user engine makes no system call that newer architectures, such as aarch64, lack; and the library
# compiles with musl. Without musl-gcc that is skipped (77), once the first has passed.
set -eu
cd "$(dirname "$0")/.."
failed=0

# What the architectures have in common that Linux added since 2012; and numbers that headers may lack
# and the source defines: from 424 on a call has the same one everywhere.
common=$(
	echo '#include <asm-generic/unistd.h>' | ${CC:-cc} -E -dM -D__BITS_PER_LONG=64 \
		-D__ARCH_WANT_RENAMEAT -D__ARCH_WANT_NEW_STAT -D__ARCH_WANT_SET_GET_RLIMIT -
	grep -rhE '#define __NR_[a-z_0-9]+ +4(2[4-9]|[3-9][0-9])$' src
)
calls=$(grep -rhoE 'SYS\([a-z_0-9]+, ' src/user | sed 's/^SYS(//; s/, $//' | sort -u | grep -vx name)
[ "$(echo "$calls" | wc -l)" -gt 50 ] || { echo "no system calls found"; exit 1; }
for call in $calls; do
	echo "$common" | grep -qE "define __NR_$call " || {
		echo "not on every architecture: $call(2)"
		failed=1
	}
done
[ $failed = 0 ] || exit 1

command -v musl-gcc >/dev/null || { echo "no musl-gcc (Debian: musl-tools)"; exit 77; }
# The kernel's headers, which it does not look for itself, after its own.
machine=$(${CC:-cc} -dumpmachine)
for file in $(find src -name '*.c'); do
	musl-gcc -std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc -idirafter /usr/include \
		-idirafter "/usr/include/$machine" -fsyntax-only -Wall -Werror "$file" || failed=1
done
exit $failed
