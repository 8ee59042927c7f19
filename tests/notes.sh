#!/bin/sh
# SPDX-License-Identifier: MIT
# Each case that docs/linux-notes.md and docs/semantics.md name exists, in the family named.
set -eu
cd "$(dirname "$0")/.."
failed=0

# names PAGE: the cases it names.
names() {
	tr '\n' ' ' <"$1" | tr -s ' ' | grep -oE '\*[a-z-]+: [^*]+\*' | tr -d '*'
}

# exists FAMILY CASE: a family of the conformance suite, or of the user engine's own tests.
exists() {
	table=$(sed -n "s/.*{ \"$1\", \(.*\)_cases },.*/\1/p" tests/conformance/main.c)
	file=tests/user/$1_test.c
	[ -z "$table" ] || file=tests/conformance/${table}_test.c
	tr -s '\n\t ' ' ' <"$file" | grep -qF "{ \"$2\", "
}

# check_page PAGE AT-LEAST
check_page() {
	count=0
	while IFS= read -r name; do
		if ! exists "${name%%: *}" "${name#*: }"; then
			failed=1
			echo "$1 names a case that is not there: $name"
		fi
		count=$((count + 1))
	done <<-END
	$(names "$1")
	END
	[ "$count" -ge "$2" ] || { echo "only $count cases found in $1"; exit 1; }
}

check_page docs/linux-notes.md 10
check_page docs/semantics.md 5
exit $failed
