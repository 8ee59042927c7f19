#!/bin/sh
# SPDX-License-Identifier: MIT
# Each server and the load under valgrind, on both engines: no leak, no access that is not theirs.
# usage: tests/valgrind.sh BUILD-DIR
set -eu
anyring=$1/cli/anyring
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
check="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,possible"
check="$check --suppressions=$work/suppressions"

# What glibc keeps for a thread; the user engine's run until the program ends.
cat >"$work/suppressions" <<'END'
{
   threads
   Memcheck:Leak
   match-leak-kinds: possible
   fun:calloc
   ...
   fun:_dl_allocate_tls
   ...
   fun:engine_thread
}
END

serve_and_load() {
	: >"$work/talk"
	# shellcheck disable=SC2086 # a list of words
	timeout 60 $check "$anyring" echo --unix "$work/s" --server "$@" >"$work/out" \
		2>"$work/talk" &
	server=$!
	tries=0
	while ! grep -q ' server on ' "$work/talk"; do
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || { cat "$work/talk"; exit 1; }
		sleep 0.1
	done
	timeout 60 "$anyring" load --unix "$work/s" --once -c 20 -n 100 >/dev/null
	if [ "$1" != blocking ]; then
		# shellcheck disable=SC2086
		timeout 60 $check "$anyring" load --unix "$work/s" -n 500 -c 10 --depth 4 -s 5000 \
			>/dev/null
	fi
	kill -TERM "$server"
	wait "$server" || { echo "server $*:"; cat "$work/talk"; exit 1; }
	server=
}

# What valgrind knows no system call of is not ours to answer for; anything else is.
expect_silence() {
	! grep -vE "^anyring|syscall: 441|own handler|README_MISSING|this a bug|bug_reports" \
		"$work/talk" || { echo "server $*: see above"; exit 1; }
}

serve_and_load blocking
serve_and_load epoll
for engine in kernel user; do
	export ANYRING_ENGINE=$engine
	for words in ring-basic ring-batch ring 'ring --without buffer-ring' \
		'ring --fixed=off --batch=off'; do
		# shellcheck disable=SC2086
		serve_and_load $words
		grep -q ", $engine engine" "$work/talk" || { echo "not on $engine"; exit 1; }
		expect_silence "$words"
	done
done
