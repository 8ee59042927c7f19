#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds each example as its reader would, from an installed package through pkg-config, and runs
# it. Prints TAP. With a COMMAND, such as valgrind, the examples run under it.
# usage: [CC=cc] [CFLAGS=...] tests/examples.sh BUILD-DIR [COMMAND...]
# shellcheck disable=SC2086 # $run is a list of words
set -u
build=$(cd "$1" && pwd)
shift
run=$*
source=$(cd "$(dirname "$0")/.." && pwd)
# Not /tmp: that may have no O_DIRECT.
work=$(mktemp -d /var/tmp/anyring-examples.XXXXXX)
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

# ---- TAP ---------------------------------------------------------------------------------------

count=0 bad=0

# check NAME COMMAND...: a test passes if the command does; else what it printed is shown.
check() {
	name=$1
	shift
	count=$((count + 1))
	if "$@" >"$work/log" 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		bad=$((bad + 1))
		sed 's/^/# /' "$work/log"
	fi
}

skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# prints TEXT COMMAND...: the command ends with 0 and prints exactly TEXT.
prints() {
	text=$1
	shift
	output=$("$@") || { echo "exit status $?"; return 1; }
	[ "$output" = "$text" ] || { echo "$output"; return 1; }
}

# fails STATUS WORD COMMAND...: with this exit status and one line on stderr that has WORD in it.
fails() {
	status=$1 word=$2
	shift 2
	"$@" >"$work/said" 2>&1
	got=$?
	cat "$work/said"
	[ "$got" -eq "$status" ] || { echo "exit status $got"; return 1; }
	[ "$(wc -l <"$work/said")" -eq 1 ] && grep -q -e "$word" "$work/said"
}

# ---- Building ----------------------------------------------------------------------------------

DESTDIR=$work/root meson install -C "$build" --no-rebuild >"$work/log" 2>&1 ||
	{ echo "Bail out! meson install fails"; cat "$work/log"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name anyring.pc)")
PKG_CONFIG_SYSROOT_DIR=$work/root
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH

# compile FILE PROGRAM [OPTION...]
compile() {
	file=$1 program=$2
	shift 2
	# shellcheck disable=SC2046 # lists of words
	${CC:-cc} ${CFLAGS:-} -g -O2 -Wall -Wextra -Werror $(pkg-config --cflags anyring) "$@" "$file" \
		$(pkg-config --libs anyring) -pthread -o "$program"
}

short_enough() {
	lines=$(wc -l <"$1")
	echo "$lines lines"
	[ "$lines" -lt 150 ]
}

for example in "$source"/examples/*.c; do
	name=$(basename "$example" .c)
	check "$name builds from the installed package" compile "$example" "./$name"
	check "$name has less than 150 lines" short_enough "$example"
done

# ---- first-read --------------------------------------------------------------------------------

for size in 0 1 4095 4096 10000 16384 1000000; do
	head -c "$size" /dev/urandom >"file$size"
	bytes=$((size < 16384 ? size : 16384))
	check "first-read of $size bytes" \
		prints "Submitted=4, completed=4, bytes=$bytes" $run ./first-read "file$size"
done
bytes=$(wc -c </proc/version)
check "first-read where there is no O_DIRECT" \
	prints "Submitted=4, completed=4, bytes=$bytes" $run ./first-read /proc/version
check "first-read says that there is none" \
	fails 0 'no O_DIRECT' sh -c "$run ./first-read /proc/version >/dev/null"
check "first-read of nothing" fails 2 usage $run ./first-read
check "first-read of no file" fails 1 'missing.*No such file' $run ./first-read missing

# ---- link-copy ---------------------------------------------------------------------------------

# copies PROGRAM SRC: to a file that was longer, and of other bytes.
copies() {
	head -c 100000 /dev/zero >copy
	$run "$1" "$2" copy && cmp "$2" copy
}

for size in 0 1 4095 4096 4097 32767 32768 32769 1048577 20000000; do
	head -c "$size" /dev/urandom >src
	check "link-copy of $size bytes" copies ./link-copy src
done

# Programs whose writes, or reads, come up short: as a second buffer that is not there makes them.
cat >short-writes.h <<'C'
#define _GNU_SOURCE 1
#include <liburing.h>
#undef io_uring_prep_write /* a macro with -DANYRING_CHECKED */
#define io_uring_prep_write(sqe, fd, buf, len, offset) \
	io_uring_prep_write(sqe, fd, buf, (len) - (len) / 3, offset)
C
cat >short-reads.h <<'C'
#define _GNU_SOURCE 1
#include <liburing.h>
static inline void short_read(struct io_uring_sqe *sqe, int fd, char *buf, unsigned len, __u64 at)
{
	static struct iovec iov[1024][2];
	static unsigned next;
	struct iovec *v = iov[next++ % 1024];

	v[0] = (struct iovec){ buf, len - len / 2 };
	v[1] = (struct iovec){ (void *)8, len / 2 };
	io_uring_prep_readv(sqe, fd, v, len > 1 ? 2 : 1, at);
}
#undef io_uring_prep_read
#define io_uring_prep_read short_read
C
head -c 3000001 /dev/urandom >src
for kind in short-writes short-reads; do
	check "link-copy with $kind builds" \
		compile "$source/examples/link-copy.c" "./copy-$kind" -include "./$kind.h"
	check "link-copy with $kind" copies "./copy-$kind" src
done
if [ -r /sys/class/net/lo/mtu ]; then
	check "link-copy of a file that ends before its size" copies ./link-copy /sys/class/net/lo/mtu
else
	skip "link-copy of a file that ends before its size" "no /sys/class/net/lo/mtu"
fi

# While it is copied, the file grows: the copy is its beginning.
copies_growing() {
	head -c 5000000 /dev/urandom >src
	(i=0; while [ $i -lt 200 ]; do head -c 10000 /dev/urandom >>src; i=$((i + 1)); done) &
	grower=$!
	timeout 60 $run ./link-copy src copy
	status=$?
	wait $grower
	[ $status -eq 0 ] && [ "$(wc -c <copy)" -ge 5000000 ] && cmp -n "$(wc -c <copy)" src copy
}

# While it is copied, the file shrinks: the copy ends, somewhere between both sizes.
copies_shrinking() {
	head -c 100000000 /dev/zero >src
	(sleep 0.01; truncate -s 1000 src) &
	shrinker=$!
	timeout 60 $run ./link-copy src copy
	status=$?
	wait $shrinker
	[ $status -eq 0 ] && [ "$(wc -c <copy)" -ge 1000 ] && cmp -n "$(wc -c <copy)" /dev/zero copy
}

check "link-copy of a growing file" copies_growing
check "link-copy of a shrinking file" copies_shrinking

too_large() {
	head -c 200000 /dev/urandom >src
	(
		trap '' XFSZ
		ulimit -f 100
		fails 1 'write copy: File too large' $run ./link-copy src copy
	)
}

check "link-copy to where there is no room" too_large
check "link-copy of a file that says no size" copies ./link-copy /proc/filesystems
check "link-copy onto itself" fails 1 'src' $run ./link-copy src src
check "link-copy leaves what it was to copy onto itself" [ "$(wc -c <src)" -eq 200000 ]
check "link-copy of one name" fails 2 usage $run ./link-copy src
check "link-copy of no file" fails 1 'missing.*No such file' $run ./link-copy missing copy
check "link-copy to no folder" fails 1 'missing/copy.*No such file' $run ./link-copy src missing/copy

# ---- three-modes -------------------------------------------------------------------------------

# The first mode runs everywhere; the others run, or say what refuses them.
three_modes() {
	$run ./three-modes "$1" >modes || return 1
	cat modes
	[ "$(wc -l <modes)" -eq 3 ] || return 1
	grep -Eq '^interrupt +256 reads in [0-9]+ us, 8 calls' modes || return 1
	grep -Eq '^polled +(256 reads in [0-9]+ us, [0-9]+ calls|refused: .)' modes || return 1
	grep -Eq '^kernel-polled +(256 reads in [0-9]+ us, [0-9]+ calls|refused: .)' modes
}

head -c 10000000 /dev/urandom >src
sync src
check "three-modes" three_modes src
check "three-modes of a file of a block" three_modes file4096
check "three-modes of a short file" fails 1 "block of file4095" $run ./three-modes file4095
check "three-modes of nothing" fails 2 usage $run ./three-modes
check "three-modes of no file" fails 1 'missing.*No such file' $run ./three-modes missing

# ---- timer -------------------------------------------------------------------------------------

# ticks PROGRAM TICKS MS: all come in order, none too early, and the other two timeouts end.
ticks() {
	$run "$1" "$2" "$3" >ticks 2>/dev/null || return 1
	cat ticks
	awk -v wanted="$2" -v ms="$3" '
		$1 == "tick" { if ($2 != ++n || $4 < n * ms) exit bad = 1 }
		$1 == "one-shot" && $3 >= int(ms / 2) { once++ }
		$1 == "cancelled" { cancelled++ }
		END { exit bad || n != wanted || once != 1 || cancelled != 1 }' ticks
}

cat >no-multishot.h <<'C'
#define _GNU_SOURCE 1
#include <liburing.h>
#undef IORING_TIMEOUT_MULTISHOT
#define IORING_TIMEOUT_MULTISHOT (1U << 30) /* a flag that no kernel has */
C
check "timer: five ticks of 100 ms" ticks ./timer 5 100
check "timer: many short ticks" ticks ./timer 50 2
check "timer: one tick" ticks ./timer 1 10
check "timer without multishot builds" \
	compile "$source/examples/timer.c" ./timer-old -include ./no-multishot.h
check "timer without multishot" ticks ./timer-old 5 20
check "timer of no ticks" fails 2 usage $run ./timer 0
check "timer of a word" fails 2 usage $run ./timer word

# ---- mailbox -----------------------------------------------------------------------------------

case $run in
*valgrind*)
	# Of two threads, one in io_uring_enter() keeps the other from running (valgrind 3.19).
	skip "mailbox" "valgrind lets no other thread run while one waits in io_uring_enter"
	;;
*)
	check "mailbox" prints "1000 messages each way, sum 333833500, as it should be" ./mailbox
	check "mailbox: one message" prints "1 messages each way, sum 1, as it should be" ./mailbox 1
	check "mailbox: 20000 messages" \
		prints "20000 messages each way, sum 2666866670000, as it should be" ./mailbox 20000
	;;
esac
check "mailbox of a word" fails 2 usage $run ./mailbox word

# ---- echo --------------------------------------------------------------------------------------

# start PROGRAM: sets $server and $port.
start() {
	: >port
	$run "$1" >port 2>errors &
	server=$!
	tries=0
	until port=$(awk '/^listening on port/ { print $4 }' port) && [ -n "$port" ]; do
		tries=$((tries + 1))
		if [ "$tries" -eq 300 ] || ! kill -0 "$server" 2>/dev/null; then
			cat errors
			return 1
		fi
		sleep 0.1
	done
}

# stop SIGNAL: which ends the server with 0, and nothing to say.
stop() {
	kill -"$1" "$server"
	wait "$server"
	status=$?
	server=
	cat errors
	[ "$status" -eq 0 ] && [ ! -s errors ]
}

# A client that sends all, closes its half, then reads.
cat >client.py <<'PY'
import os, socket, sys
data = os.urandom(int(sys.argv[2]))
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20) as s:
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
    back = b"".join(iter(lambda: s.recv(65536), b""))
sys.exit(0 if back == data else f"{len(back)} of {len(data)} bytes, or others")
PY

echo_cases() {
	check "$1 starts" start "./$1"
	check "$1: short clients" timeout 60 "$build/cli/anyring" load -p "$port" --once -c 20 -n 1500
	check "$1: clients that stay" \
		timeout 60 "$build/cli/anyring" load -p "$port" -c 20 -n 2000 -s 10000 --depth 4
	for bytes in 0 1 4096 4097 300000; do
		check "$1: a client of $bytes bytes" timeout 60 python3 client.py "$port" "$bytes"
	done
}

echo_cases echo
check "echo on a port in use" fails 1 "port $port.*in use" $run ./echo "$port"
check "SIGTERM ends echo" stop TERM
sed 's/^#define BUFFERS .*/#define BUFFERS 2/' "$source/examples/echo.c" >echo-of-2.c
check "echo with two buffers builds" compile ./echo-of-2.c ./echo-of-2
echo_cases echo-of-2
check "SIGINT ends echo" stop INT
check "echo on a port that is none" fails 2 usage $run ./echo 65536
check "echo on a word" fails 2 usage $run ./echo word

# ---- docs/guide.md -----------------------------------------------------------------------------

# Each C block of the guide stands in the example that the line before it names.
guide_quotes() {
	awk -v source="$source" '
		function found(   i, j) {
			for (i = 1; i + n - 1 <= lines; i++) {
				for (j = 1; j <= n && block[j] == text[i + j - 1]; j++)
					;
				if (j > n)
					return 1
			}
			return 0
		}
		/^<!-- from examples\// { file = $3 }
		/^```c$/ && !inside { inside = 1; n = 0; start = NR; next }
		/^```$/ && inside {
			inside = 0
			blocks++
			lines = 0
			while (file && (getline line < (source "/" file)) > 0)
				text[++lines] = line
			if (file)
				close(source "/" file)
			if (!n || !found()) {
				print "guide.md:" start ": not in " (file ? file : "any example")
				bad = 1
			}
			file = ""
		}
		inside { block[++n] = $0 }
		END { print blocks " blocks"; exit bad || !blocks || inside }' "$source/docs/guide.md"
}

check "the guide quotes the examples as they are" guide_quotes

echo "1..$count"
[ "$bad" -eq 0 ]
