#!/bin/sh
# SPDX-License-Identifier: MIT
# The man pages: well formed, and true to the program's help, the library's names and the compiler.
# usage: tests/man.sh BUILD-DIR
set -eu
build=$1
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
command -v mandoc >/dev/null || { echo "mandoc is missing: install it"; exit 1; }

fail() {
	failed=1
	echo "$*"
}

# same NAME WANT GOT: what only one of two sorted lists has.
same() {
	difference=$(comm -3 "$2" "$3")
	[ -z "$difference" ] || fail "$1 (left: only there; right: only in the page):" "$difference"
}

for page in man/*.[1-9]; do
	# Pages of other projects, and what mandoc's own index lacks, are not our mistakes.
	lint=$(mandoc -T lint -W warning "$page" | grep -v 'not found' || true)
	[ -z "$lint" ] || fail "$lint"
done

# The options of each subcommand are those of its help.
for subcommand in echo load; do
	"$build/cli/anyring" $subcommand --help | sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' |
		sort -u >"$work/help"
	sed -n 's/^\.It.* Fl -\([a-z-]*\).*/--\1/p' man/anyring-$subcommand.1 | sort -u >"$work/page"
	[ -s "$work/help" ] || fail "no options in the help of $subcommand"
	same "anyring-$subcommand.1 against --help" "$work/help" "$work/page"
done

# Every name of the API is in the page of families, and no other.
names='(__)?io_uring_[a-z0-9_]+|IO_URING_(VERSION|CHECK)_[A-Z]+'
{
	grep -v '^#' tests/reference/liburing-symbols.txt | grep -oE "$names"
	printf 'IO_URING_%s\n' CHECK_VERSION VERSION_MAJOR VERSION_MINOR
} | sort -u >"$work/names"
grep -oE "$names" man/anyring-functions.7 | sort -u >"$work/page"
same "anyring-functions.7 against the names" "$work/names" "$work/page"

# The same for what anyring adds.
grep -oE 'anyring_[a-z_]+\(' include/anyring.h | tr -d '(' | sort -u >"$work/names"
sed -n 's/^\.Fn \(anyring_[a-z_]*\).*/\1/p' man/anyring_engine.3 | sort -u >"$work/page"
[ -s "$work/names" ] || fail "no functions in anyring.h"
same "anyring_engine.3 against anyring.h" "$work/names" "$work/page"

# The examples are programs that work.
for page in anyring anyring_engine; do
	sed -n '/^\.Bd -literal/,/^\.Ed/p' man/$page.3 | sed '1d;$d; s/\\e/\\/g' >"$work/example.c"
	cc -Wall -Wextra -Werror -Iinclude "$work/example.c" "$build/src/libanyring.a" -pthread \
		-o "$work/$page"
done
said=$(echo hello | "$work/anyring" 2>&1 || true)
[ "$said" = "6 bytes read" ] || fail "the example of anyring.3 says: $said"
said=$("$build/tests/blocked" "$work/anyring_engine" 2>&1 || true)
grep -qF "$said" man/anyring_engine.3 || fail "the example of anyring_engine.3 says: $said"
said=$(ANYRING_ENGINE=kernel "$work/anyring_engine" 2>&1 || true)
case $said in
"kernel engine: ANYRING_ENGINE asks for the kernel engine" | "") ;;
*) fail "on the kernel engine the example of anyring_engine.3 says: $said" ;;
esac
exit $failed
