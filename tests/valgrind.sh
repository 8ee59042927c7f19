#!/bin/sh
# SPDX-License-Identifier: MIT
# Each server and the load under valgrind: no leak, no access that is not theirs.
# usage: tests/valgrind.sh BUILD-DIR
set -eu
anyring=$1/cli/anyring
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
check="valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,possible"

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

serve_and_load blocking
serve_and_load epoll
serve_and_load ring-basic
serve_and_load ring-batch
serve_and_load ring
serve_and_load ring --without buffer-ring
serve_and_load ring --fixed=off --batch=off
