#!/bin/sh
# SPDX-License-Identifier: MIT
# Each conformance case that docs/linux-notes.md names exists, in the family named.
set -eu
cd "$(dirname "$0")/.."
failed=0
count=0
names=$(tr '\n' ' ' <docs/linux-notes.md | tr -s ' ' | grep -oE '\*[a-z-]+: [^*]+\*' | tr -d '*')

while IFS= read -r name; do
	family=${name%%: *} case=${name#*: }
	table=$(sed -n "s/.*{ \"$family\", \(.*\)_cases },.*/\1/p" tests/conformance/main.c)
	if [ -z "$table" ] || ! grep -qF "{ \"$case\", " "tests/conformance/${table}_test.c"; then
		failed=1
		echo "docs/linux-notes.md names a case that is not there: $name"
	fi
	count=$((count + 1))
done <<END
$names
END
[ "$count" -gt 10 ] || { echo "only $count cases found in docs/linux-notes.md"; exit 1; }
exit $failed
