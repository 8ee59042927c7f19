#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two lists of facts.py: what theirs says, ours must say too, but for the exceptions.

usage: differences.py OURS THEIRS EXCEPTIONS

An exception is a line "PATTERN: reason"; the pattern is a fact's name, with * for any text. One
that excepts nothing is a mistake.
"""
import fnmatch
import re
import sys

# 2.3 gives more. Fewer means that what readelf prints is not understood any more.
FEWEST = 3000


def facts(path):
    with open(path, encoding="ascii") as lines:
        return dict(line.rstrip("\n").split(" = ", 1) for line in lines)


def exceptions(path):
    with open(path, encoding="ascii") as lines:
        pairs = [line.split(": ", 1) for line in lines if line.strip() and line[0] != "#"]
    # No [ ] of fnmatch: facts have brackets of their own.
    return [re.sub(r"([\[\]])", r"[\1]", pattern) for pattern, _ in pairs]


def main():
    ours, theirs = facts(sys.argv[1]), facts(sys.argv[2])
    patterns, used, bad = exceptions(sys.argv[3]), set(), 0
    for name in sorted(theirs):
        if ours.get(name) == theirs[name]:
            continue
        matching = [p for p in patterns if fnmatch.fnmatchcase(name, p)]
        used.update(matching)
        if not matching:
            bad += 1
            print(f"{name}\n\ttheirs: {theirs[name]}\n\tours:   {ours.get(name, 'none')}")
    for pattern in patterns:
        if pattern not in used:
            bad += 1
            print(f"{sys.argv[3]}: nothing differs by {pattern}")
    both = len(ours.keys() & theirs.keys())
    print(f"{both} facts compared, {len(ours) - both} only ours, "
          f"{len(patterns)} exceptions, {bad} differences")
    if both < FEWEST:
        print(f"at least {FEWEST} are expected: see facts.py")
    sys.exit(bad != 0 or both < FEWEST)


main()
