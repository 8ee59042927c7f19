#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares our <liburing.h> and library with Debian's liburing-dev: names, layouts, values, types,
# the bytes of each SQE, what inline functions answer, the symbols exported.
# usage: tests/debian/compare.sh BUILD-DIR [TREE [COMPILER-OPTION...]]
#
# TREE is where Debian's package is unpacked, by default the system itself. Fails on any difference
# that exceptions-VERSION.txt does not list.
set -eu
# The compiler's messages are read.
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
ours=$here/../../include
library=$1/src/libanyring.so
tree=${2:-}
shift $(($# < 2 ? $# : 2))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e "$library" ] || { echo "$library is not there: build first" >&2; exit 2; }
[ -e "$tree/usr/include/liburing.h" ] ||
	{ echo "$tree/usr/include/liburing.h is not there: install liburing-dev" >&2; exit 2; }

: >"$work/nothing"
"$here/facts.py" "$work/theirs" "$tree/usr/include" "$work/nothing" "$@" >"$work/theirs.txt"
"$here/facts.py" "$work/ours" "$ours" "$work/theirs.txt" "$@" >"$work/ours.txt"

# 2.3 does not say which version it is.
minor=$(sed -n 's/^value of IO_URING_VERSION_MINOR = //p' "$work/theirs.txt")
exceptions=$here/exceptions-2.${minor:=3}.txt
echo "Debian's liburing 2.$minor:"
[ -e "$exceptions" ] || { exceptions=$work/nothing; echo "(nobody has looked at this one yet)"; }
status=0
"$here/differences.py" "$work/ours.txt" "$work/theirs.txt" "$exceptions" || status=1

exported() {
	nm -D --defined-only "$1" | awk '$2 == "T" { print $3 }' | sed 's/@.*//' | sort -u
}
exported "$(find "$tree"/usr/lib -name liburing.so.2 | head -n 1)" >"$work/their-symbols"
exported "$library" >"$work/our-symbols"
echo "$(wc -l <"$work/their-symbols") functions exported"
missing=$(comm -23 "$work/their-symbols" "$work/our-symbols")
[ -z "$missing" ] || { echo "not exported by ours:" "$missing"; status=1; }
exit $status
