#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the names of liburing's API that ours lacks, and fails if there are any.
# usage: tools/api-names.sh [REFERENCE] [BUILD-DIR]
#
# REFERENCE (by default tests/reference/liburing-symbols.txt) lists the functions of the library
# after "LIBURING_x.y:", and below, one a line, the inline functions and macros of the header. The
# compiler says what <liburing.h> has, and nm(1) what the library in BUILD-DIR (by default build)
# exports.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
reference=${1:-$root/tests/reference/liburing-symbols.txt}
build=${2:-build}
library=$build/src/libanyring.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for file in "$reference" "$library"; do
	[ -r "$file" ] || { echo "cannot read $file: build first, or name another" >&2; exit 2; }
done

# What there must be.
sed -n 's/^LIBURING_[0-9.]*: *//p' "$reference" | grep -v '^(' | tr -s ' ' '\n' | sort -u \
	>"$work/functions"
grep -E '^[A-Za-z_][A-Za-z0-9_]*$' "$reference" | sort -u >"$work/header"
sort -u "$work/functions" "$work/header" >"$work/names"
for list in functions header; do
	[ -s "$work/$list" ] || { echo "$reference names no $list: not such a list" >&2; exit 2; }
done

# compile OPTION...: a use of each name that is no macro. Line N of "names" is about the Nth name.
compile() {
	{
		echo '#include <liburing.h>'
		awk '{
			printf "#line %d \"names\"\n#ifndef %s\n", NR, $1
			printf "#line %d \"names\"\n", NR
			printf "const void *const use_%s = (const void *)%s;\n#endif\n", $1, $1
		}' "$1"
	} >"$work/names.c"
	shift
	LC_ALL=C ${CC:-cc} -D_GNU_SOURCE -I "$root/include" "$@" "$work/names.c"
}

# Declared: what the compiler takes. gcc stops at no number of errors by itself; clang does.
limit=
if ${CC:-cc} --version | grep -q clang; then
	limit=-ferror-limit=0
fi
compile "$work/names" $limit -fsyntax-only 2>"$work/errors" || true
if grep -E '(^|[ :])(fatal )?error:' "$work/errors" | grep -vE '^names:[0-9]+:' >&2; then
	exit 1
fi
sed -n 's/^names:\([0-9]*\):.*error:.*/\1/p' "$work/errors" | sort -nu >"$work/refused"
awk 'FILENAME == ARGV[1] { refused[$1]; next } !(FNR in refused)' "$work/refused" "$work/names" \
	>"$work/declared"

# Defined in the header: what leaves nothing to the linker.
compile "$work/declared" -O0 -c -o "$work/names.o"
nm -u "$work/names.o" | awk '{ print $NF }' | sort -u >"$work/undefined"
comm -23 "$work/declared" "$work/undefined" >"$work/defined"

nm -D --defined-only "$library" | awk '{ print $NF }' | sed 's/@.*//' | sort -u >"$work/exported"

{
	comm -23 "$work/names" "$work/declared" | sed 's/$/: not declared in <liburing.h>/'
	comm -12 "$work/header" "$work/declared" | comm -23 - "$work/defined" |
		sed 's/$/: declared in <liburing.h>, not defined/'
	comm -23 "$work/functions" "$work/exported" | sed "s|\$|: not exported by libanyring.so|"
} >"$work/missing"
cat "$work/missing"
[ ! -s "$work/missing" ]
