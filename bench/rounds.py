# SPDX-License-Identifier: MIT
"""What the comparisons of the user engine share: programs, alternating rounds, and what must hold.

A figure is the median over the rounds, with the quartiles beside it; a ratio is the median of the
rounds' ratios, each of two runs a few seconds apart.
"""
import argparse
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
REQUESTED = "user"  # the engine that all of this is about


def arguments(description):
    """A parser with the options that every comparison takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"),
                        help="a release build (build/release)")
    parser.add_argument("--short", action="store_true", help="few and short rounds, for a glance")
    return parser


def environment(engine):
    """Of a program on this engine; None: as if nobody had chosen."""
    env = {k: v for k, v in os.environ.items() if k != "ANYRING_ENGINE"}
    return env if engine is None else env | {"ANYRING_ENGINE": engine}


def compile_program(name, build, work):
    """bench/NAME.c with the library's archive; returns the program's path."""
    program = os.path.join(work, name)
    subprocess.run(["cc", "-std=gnu11", "-O2", "-D_GNU_SOURCE", "-pthread",
                    "-I" + os.path.join(ROOT, "include"), os.path.join(HERE, name + ".c"),
                    "-o", program, os.path.join(build, "src", "libanyring.a")], check=True)
    return program


def numbers(command, engine=None, core=None):
    """What the program prints."""
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    run = subprocess.run([*pinned, *command], check=True, stdout=subprocess.PIPE, text=True,
                         env=environment(engine), timeout=120)
    return [float(word) for word in run.stdout.split()]


def two_cores():
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[1 % len(cores)]


# ---- rounds --------------------------------------------------------------------------------------

def alternate(rounds, names, run):
    """{name: [what run(name) returned, by round]}

    Each order is followed by its reverse, so that a drift favours nobody, and then by another, so
    that nobody always runs after the same one (a disk that rested is faster for a while).
    """
    results = {name: [] for name in names}
    for number in range(rounds):
        order = random.Random(number // 2).sample(names, len(names))
        for name in order if number % 2 == 0 else order[::-1]:
            results[name].append(run(name))
    return results


def quartiles(values):
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def spread(values, digits):
    middle, low, high = quartiles(values)
    return f"{middle:.{digits}f} [{low:.{digits}f}-{high:.{digits}f}]"


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


# ---- what must hold ------------------------------------------------------------------------------

def must(text, values, least=None, most=None, engine=REQUESTED):
    """One line that bench/user collects. `engine`: the one that the program was seen to run on."""
    middle, low, high = quartiles(values)
    digits = 0 if isinstance(middle, int) else 3
    figure = f"{middle:.{digits}f}" + (f" [{low:.3f}-{high:.3f}]" if len(values) > 1 else "")
    bound = f"at least {least:g}" if least is not None else f"at most {most:g}"
    holds = middle >= least if least is not None else middle <= most
    if engine != REQUESTED:
        bound += f"; BUT this was the {engine} engine"
        holds = False
    print(f"  {'holds' if holds else 'FAILS'}  {text}: {figure}, {bound}", flush=True)


# ---- system calls --------------------------------------------------------------------------------

def perf_counts():
    """May perf count system calls here?"""
    try:
        return subprocess.run(["perf", "stat", "-e", "raw_syscalls:sys_enter", "true"],
                              capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def children(pid):
    """Of a process with one thread; none if it has ended."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as words:
            return [int(word) for word in words.read().split()]
    except FileNotFoundError:
        return []


class Counted:
    """A program, and how many system calls it and its threads make, from start to end.

    perf's tracepoint counts them in passing; where it may not, strace stops the program at each.
    """

    def __init__(self, command, engine=None, **more):
        self.file = tempfile.NamedTemporaryFile(mode="r")
        self.perf = perf_counts()
        counter = (["perf", "stat", "-x", ",", "-o", self.file.name,
                    "-e", "raw_syscalls:sys_enter,syscalls:sys_enter_io_uring_enter"]
                   if self.perf else ["strace", "-f", "-c", "-o", self.file.name])
        self.process = subprocess.Popen([*counter, *command], env=environment(engine), **more)

    def signal(self, number):
        for child in children(self.process.pid):
            os.kill(child, number)

    def end(self):
        """Asks the program (which said something, so it has started) to end; its output."""
        self.signal(signal.SIGTERM)
        return finish(self.process, lambda: self.signal(signal.SIGKILL))

    def counts(self):
        """(all system calls, those to io_uring_enter), once the program has ended."""
        if self.process.returncode is None:
            finish(self.process, lambda: self.signal(signal.SIGKILL))
        if self.process.returncode:
            raise subprocess.CalledProcessError(self.process.returncode, self.process.args)
        with self.file:
            text = self.file.read()
        if self.perf:
            found = {event: int(count) for count, event in
                     re.findall(r"^(\d+),,([a-z_:]+),", text, re.M)}
            return (found["raw_syscalls:sys_enter"],
                    found.get("syscalls:sys_enter_io_uring_enter", 0))
        found = {name: int(count) for count, name in
                 re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", text, re.M)}
        return found["total"], found.get("io_uring_enter", 0)


def finish(process, kill=None):
    """What a program that is about to end has printed; one that does not end is killed."""
    try:
        return process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        (kill or process.kill)()
        raise


def engine_seen(command, engine):
    """The engine that the program really runs on: the kernel's is entered, the user's is not."""
    _, entered = Counted(command, engine, stdout=subprocess.DEVNULL).counts()
    return "kernel" if entered else "user"


# ---- servers -------------------------------------------------------------------------------------

def wait_listening(server):
    """Until the server says that it listens; before that it may say what it goes on without."""
    said = b""
    for line in server.stderr:
        if b" server on " in line:
            return
        said += line
    sys.exit("the server did not start: " + said.decode().strip())


def main(run):
    """run(), and the errors that a reader should see as one line."""
    try:
        run()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, FileNotFoundError) as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")
