#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What #include <liburing.h> promises, one fact a line, as the compiler sees it.

usage: facts.py WORK-DIR INCLUDE-DIR OTHER-FACTS [COMPILER-OPTION...]

Layouts, values and types come from the debugging information of a file that includes the header;
what the functions that fill in an SQE write, and what the other inline functions answer, from
programs that call them. Nothing is read from the header's text, so that two headers which say the
same in other words give the same facts. Macros that OTHER-FACTS has are looked for, wherever our
header may have them from.
"""
import os
import re
import subprocess
import sys

SQE_BYTES = 64
# gcc, since clang knows no -aux-info.
CC = ["gcc"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stderr}")
    return done.stdout


class Header:
    """One include directory, and a place to compile in."""

    def __init__(self, work, include, options):
        self.work, self.include = work, os.path.realpath(include)
        self.flags = ["-D_GNU_SOURCE", "-w", "-I", self.include, *options]
        os.makedirs(work, exist_ok=True)

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write("#include <liburing.h>\n" + text)
        return self.path(name)

    def holds(self, file):
        """Whether the file is liburing's: in /usr/include there are many more."""
        file = os.path.realpath(file)
        return file.startswith((self.include + "/liburing/", self.include + "/liburing.h"))

    def compiles(self, candidates, line):
        """The candidates whose line(candidate) the compiler accepts, asked in one go."""
        lines = [line(c).replace("\n", " ") for c in candidates]
        source = self.write("ask.c", "\n".join(lines) + "\n")
        done = subprocess.run([*CC, *self.flags, "-fsyntax-only", "-fmax-errors=0",
                               "-ftrack-macro-expansion=0", source],
                              capture_output=True, text=True, check=False)
        bad = set(re.findall(r"ask\.c:(\d+):\d+: (?:fatal )?error", done.stderr))
        return [c for i, c in enumerate(candidates, 2) if str(i) not in bad]


# ---- Debugging information ----------------------------------------------------------------------

class Die:
    """An entry of the debugging information: its tag, its attributes, what is inside."""

    def __init__(self, tag):
        self.tag, self.attr, self.children = tag, {}, []

    @property
    def name(self):
        return self.attr.get("name")

    def number(self, key):
        value = self.attr.get(key)
        return None if value is None else int(value.split()[0], 0)


def read_debug_info(obj):
    """The top-level entries of an object file, every entry by its offset, the source files."""
    every, top, stack = {}, [], []
    for text in run(["readelf", "--debug-dump=info", obj]).splitlines():
        if head := re.match(r"\s*<(\w+)><(\w+)>: Abbrev Number: \d+(?: \(DW_TAG_(\w+)\))?", text):
            depth, offset, tag = int(head[1], 16), int(head[2], 16), head[3]
            if not tag:
                continue
            die = every[offset] = Die(tag)
            del stack[depth:]
            (stack[-1].children if stack else top).append(die)
            stack.append(die)
        elif attr := re.match(r"\s*<\w+>\s+DW_AT_(\w+)\s*: (.*)", text):
            value = re.sub(r"^\((?:indirect|indexed|alt)[^)]*\): ", "", attr[2]).strip()
            stack[-1].attr[attr[1]] = value
    return top[0].children, every, read_files(obj)


def read_files(obj):
    directories, files, table = {}, {}, None
    for text in run(["readelf", "-W", "--debug-dump=rawline", obj]).splitlines():
        if "Directory Table" in text:
            table = directories
        elif "File Name Table" in text:
            table = files
        elif (entry := re.match(r"\s+(\d+)\t(?:\(udata\)\t(\d+)\t)?\(\w+\)\t(?:\(.*?\): )?(.*)$",
                                text)) and table is not None:
            table[int(entry[1])] = os.path.join(directories.get(int(entry[2] or 0), ""), entry[3])
    return files


KINDS = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum"}


class Types:
    """Types as text, the same for every spelling: __u32, uint32_t and unsigned are one."""

    def __init__(self, every):
        self.every = every

    def target(self, die):
        ref = die.attr.get("type")
        return self.every[int(re.search(r"<0x(\w+)>", ref)[1], 16)] if ref else None

    def size(self, die):
        if die is None:
            return 0
        if die.tag == "array_type":
            total = self.size(self.target(die))
            for child in die.children:
                total *= self.length(child) or 0
            return total
        own = die.number("byte_size")
        return own if own is not None else self.size(self.target(die))

    @staticmethod
    def length(subrange):
        count, last = subrange.number("count"), subrange.number("upper_bound")
        return count if count is not None else None if last is None else last + 1

    def text(self, die):
        if die is None:
            return "void"
        inner = self.target(die)
        if die.tag in KINDS:
            return f"{KINDS[die.tag]} {die.name or '{}'}"
        if die.tag == "typedef":
            # cpu_set_t: the struct behind it has no name of its own.
            unnamed = inner is not None and inner.tag in KINDS and not inner.name
            return die.name if unnamed else self.text(inner)
        if die.tag == "pointer_type":
            return self.text(inner) + " *"
        if die.tag == "restrict_type":
            return self.text(inner)
        if die.tag in ("const_type", "volatile_type"):
            word = die.tag.split("_", maxsplit=1)[0]
            if inner is not None and inner.tag == "pointer_type":
                return self.text(inner) + word
            return f"{word} {self.text(inner)}"
        if die.tag == "array_type":
            lengths = [self.length(c) for c in die.children]
            return self.text(inner) + "".join(f"[{'' if n is None else n}]" for n in lengths)
        if die.tag == "subroutine_type":
            return f"{self.text(inner)} ({self.parameters(die)})"
        return (die.name or die.tag).replace("long long", "long")

    def parameters(self, die):
        parts = [self.text(self.target(c)) for c in die.children if c.tag == "formal_parameter"]
        parts += ["..."] * any(c.tag == "unspecified_parameters" for c in die.children)
        return ", ".join(parts) or "void"

    def members(self, die, base=0):
        """(name, offset, size, type) of each member, those of unnamed parts among them."""
        for child in die.children:
            if child.tag != "member":
                continue
            at, inner = base + (child.number("data_member_location") or 0), self.target(child)
            if child.name is None:
                yield from self.members(inner, at)
                continue
            yield child.name, at, self.size(inner), self.text(inner)
            if inner.tag in ("structure_type", "union_type") and inner.name is None:
                for name, offset, size, text in self.members(inner, at):
                    yield f"{child.name}.{name}", offset, size, text


# ---- Facts --------------------------------------------------------------------------------------

def functions(header):
    """name: "static" or "extern", of every function the header declares."""
    aux = header.path("functions.aux")
    run([*CC, *header.flags, "-c", "-aux-info", aux, "-o", os.devnull,
         header.write("functions.c", "")])
    found = {}
    with open(aux, encoding="ascii") as lines:
        for text in lines:
            match = re.match(r"/\* (.*):\d+:\w+ \*/ (extern|static) .*?(\w+) \(", text)
            if match and header.holds(match[1]):
                found[match[3]] = match[2]
    return found


def debug_facts(header, names):
    """Prototypes, layouts and the values of enumerations."""
    table = ", ".join(f"(const void *){n}" for n in names)
    obj = header.path("debug.o")
    run([*CC, *header.flags, "-gdwarf-5", "-O0", "-fno-eliminate-unused-debug-types", "-c", "-o",
         obj, header.write("debug.c", f"const void *const all[] = {{ {table} }};\n")])
    top, every, files = read_debug_info(obj)
    types = Types(every)
    for die in top:
        file = die.number("decl_file")
        if file is None or not header.holds(files[file]):
            continue
        if die.tag == "subprogram" and die.name in names:
            result = types.text(types.target(die))
            yield f"type of {die.name}", f"{result} ({types.parameters(die)})"
        elif die.tag == "enumeration_type":
            for child in die.children:
                yield f"value of {child.name}", child.number("const_value")
        elif die.tag in KINDS and die.name and "declaration" not in die.attr:
            yield f"size of {KINDS[die.tag]} {die.name}", types.size(die)
            for name, at, size, text in types.members(die):
                yield f"offset of {die.name}.{name}", at
                yield f"size of {die.name}.{name}", size
                yield f"type of {die.name}.{name}", text


def macros(header):
    """name: parameters (None of those that take no list), of every macro the header leaves."""
    text = run([*CC, *header.flags, "-E", "-dD", header.write("macros.c", "")])
    found, ours = {}, False
    for line in text.splitlines():
        if where := re.match(r'# \d+ "(.*?)"', line):
            ours = header.holds(where[1])
        elif gone := re.match(r"#undef (\w+)", line):
            found.pop(gone[1], None)
        elif ours and (macro := re.match(r"#define (\w+)(\([^)]*\))?", line)):
            found[macro[1]] = macro[2]
    return found


def macro_facts(header, known, others):
    for name, parameters in known.items():
        if parameters is not None:
            count = len([p for p in parameters.strip("()").split(",") if p.strip()])
            yield f"parameters of {name}()", count
    plain = sorted({n for n, p in known.items() if p is None} | others)
    numbers = header.compiles(plain, lambda n: f"enum {{ ask_{n} = sizeof(char[({n}) ? 1 : 2]) }};")
    rows = "\n".join(f"SAY({n})" for n in numbers)
    yield from program_facts(header, header.write("macros-run.c", f"""#include <stdio.h>
#define SAY(n) printf("value of %s=%lld\\nsize of %s=%zu\\nsigned %s=%d\\n", \\
	#n, (long long)(n), #n, sizeof(n), #n, (__typeof__(n))-1 < 0);
int main(void) {{ {rows} }}
"""))


def program_facts(header, source):
    program = header.path("program")
    run([*CC, *header.flags, "-I", header.work, "-O1", "-o", program, source])
    for line in run([program]).splitlines():
        yield tuple(line.split("=", 1))


def helper_facts(header, names):
    """What helpers.c says, of those helpers that this header has."""
    with open(header.path("have.h"), "w", encoding="ascii") as out:
        out.writelines(f"#define HAVE_{n} 1\n" for n in names)
    here = os.path.dirname(os.path.abspath(__file__))
    yield from program_facts(header, os.path.join(here, "helpers.c"))


# What each argument is in turn: small and different, all ones, bits in every byte, zero.
ARGUMENTS = (
    [3, 17, 33, 5, 9, 65, 129, 257],
    [-1] * 8,
    [0x8182838485868788 + i * 0x0101010101010101 for i in range(8)],
    [0x0102030405060708 + i * 0x1010101010101010 for i in range(7)] + [0],
    [0] * 8,
)


def split_parameters(prototype):
    inner = prototype[prototype.index("(") + 1:prototype.rindex(")")]
    assert "(" not in inner, prototype
    return inner.split(", ")


def sqe_calls(name, parameters, fill):
    """C: `name` called with each row of arguments on an SQE full of `fill`."""
    for row, values in enumerate(ARGUMENTS):
        place, passed = iter(values), []
        for parameter in parameters:
            if parameter == "struct io_uring_sqe *":
                passed.append("&sqe")
            else:
                passed.append(f"({parameter})(intptr_t)0x{next(place) & (2**64 - 1):x}")
        yield f"memset(&sqe, {fill}, {SQE_BYTES}); {name}({', '.join(passed)}); " \
              f'say("{name}() row {row} over {fill}", &sqe);'


def sqe_facts(header, types):
    """What the functions that fill in an SQE write, over zeroes and over what was there before."""
    # Before 2.5 io_uring_prep_rw() cleared the SQE: only from zeroes on are they alike.
    fills = (0, 0xa5) if "io_uring_initialize_sqe" in types else (0,)
    calls = []
    for name, prototype in types.items():
        parameters = split_parameters(prototype)
        if "struct io_uring_sqe *" in parameters:
            calls += [c for fill in fills for c in sqe_calls(name, parameters, fill)]
    yield from program_facts(header, header.write("sqe.c", f"""#include <stdio.h>
#include <string.h>
static void say(const char *what, const struct io_uring_sqe *sqe)
{{
	printf("SQE of %s=", what);
	for (int i = 0; i < {SQE_BYTES}; i++)
		printf("%02x%s", ((const unsigned char *)sqe)[i], i % 8 == 7 ? " " : "");
	puts("");
}}
int main(void)
{{
	struct io_uring_sqe sqe;
	{" ".join(calls)}
}}
"""))


def main():
    header = Header(sys.argv[1], sys.argv[2], sys.argv[4:])
    with open(sys.argv[3], encoding="ascii") as other:
        others = set(re.findall(r"^signed (\w+) = ", other.read(), re.M))
    declared = functions(header)
    known = macros(header)
    facts = dict(debug_facts(header, declared))
    facts.update((f"linkage of {n}", how) for n, how in declared.items())
    facts.update(macro_facts(header, known, others))
    facts.update(sqe_facts(header, {n: facts[f"type of {n}"] for n, how in declared.items()
                                    if how == "static"}))
    facts.update(helper_facts(header, [*declared, *known]))
    for key in sorted(facts):
        print(f"{key} = {facts[key]}")


main()
