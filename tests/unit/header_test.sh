#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles header_test.cc, and sees that it uses every name of the headers.
# usage: tests/unit/header_test.sh COMPILER OPTION...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
"$@" -Wall -Wextra -Werror -fsyntax-only -I "$here/../../include" "$here/header_test.cc"

unused=$({
	grep -E '^[A-Za-z_][A-Za-z0-9_]*$' "$here/../reference/liburing-symbols.txt"
	grep -oE '\<(anyring|ANYRING)_[A-Za-z_]+\>' "$here/../../include/anyring.h" |
		grep -vxE 'ANYRING_(H|ENGINE|LOG)'
} |
	while read -r name; do
		grep -qw "$name" "$here/header_test.cc" || echo "$name"
	done)
[ -z "$unused" ] || { echo "header_test.cc does not use:" "$unused"; exit 1; }
