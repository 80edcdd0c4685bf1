# SPDX-License-Identifier: MIT
"""Keeping what a command prints: how much is kept, how long the command takes, and what all of it costs."""

import dataclasses
import itertools
import json
import pathlib
import random
import statistics
import string
import sys
import tempfile

from harness import root
from measuring import bed_cpu
from peers import File, Sdbg, SystemdRun, installed
from rows import Row

HERE = pathlib.Path(__file__).resolve().parent
WALL_RATIO = 2  # against a plain file
CPU_RATIO = 1 / 20  # against one entry a line
DISK_RATIO = 1 / 10
LINES = 1_000_000
BIG_BYTES = 200_000_000
RATE, RATE_SECONDS = 5000, 20


@dataclasses.dataclass
class Load:
    name: str
    lines: int
    command: list


@dataclasses.dataclass
class Outcome:
    wall: float  # seconds
    cpu: float  # seconds, without the printing command's own
    disk: float  # MB
    kept: float  # percent of the lines


def short_lines():
    return Load("1,000,000 lines", LINES, ["seq", LINES])


def steady():
    return Load("5,000 lines/s", RATE * RATE_SECONDS, ["python3", HERE / "steady.py", RATE, RATE_SECONDS])


def save(name, directory, lines):
    """A load that prints a file of these lines."""
    file = pathlib.Path(directory, name)
    count, left = 0, BIG_BYTES
    with file.open("w") as stream:
        while left > 0:
            line = next(lines)[:left - 1]
            stream.write(line + "\n")
            count, left = count + 1, left - len(line) - 1
    return Load(name, count, ["cat", file])


def log_lines(source):
    """As servers print them."""
    for number in itertools.count():
        yield (f"2024-05-01T12:{number // 60000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03} INFO worker-"
               f"{source.randrange(8)} GET /api/items/{source.randrange(100000)} 200 {source.randrange(9999)} us")


def random_lines(source):
    """Of 1 to 5,000 bytes, for which journald's compression is the cost."""
    text = "".join(source.choices(string.ascii_letters + string.digits + " ", k=1 << 20))
    while True:
        start = source.randrange(len(text) - 5000)
        yield text[start:start + source.randrange(5000)]


def run_once(peer_class, load):
    with tempfile.TemporaryDirectory() as results, tempfile.TemporaryDirectory() as directory:
        ended = pathlib.Path(results, "ended")
        if peer_class.uses_journal:
            root("journald-restart")  # the rate limit begins anew
        peer = peer_class(directory)
        disk, cpu = peer.disk(), bed_cpu()
        peer.run(["python3", HERE / "timed.py", ended, *load.command], ended)
        root("journal-sync")
        cpu = bed_cpu() - cpu
        disk = peer.disk() - disk
        kept = min(peer.kept() / load.lines, 1)
        peer.close()
        printer = json.loads(ended.read_text())
    return Outcome(printer["wall"], cpu - printer["cpu"], disk / 1e6, kept * 100)


def run_all(rounds, peers, load):
    """Return: the medians of each peer's outcomes."""
    outcomes = {peer: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            print(f"  {load.name}: {peer.name_in_table}", file=sys.stderr)
            outcomes[peer].append(dataclasses.astuple(run_once(peer, load)))
            root("journal-vacuum")
    return {peer: Outcome(*map(statistics.median, zip(*values))) for peer, values in outcomes.items()}


def compare(load, medians, what, unit, targets=None, **own_target):
    """Rows of one measure; targets: by peer."""
    own = getattr(medians[Sdbg], what)
    for peer, outcome in medians.items():
        if peer is not Sdbg:
            target = {"ratio_max": targets.get(peer)} if targets else own_target
            yield Row(f"{load.name}: {what}", unit, own, peer.name_in_table, getattr(outcome, what), **target)


def floods(rounds):
    with tempfile.TemporaryDirectory() as directory:
        source = random.Random(1)
        loads = ((short_lines(), installed()),
                 (save("200 MB of a log", directory, log_lines(source)), installed()),
                 (save("200 MB at random", directory, random_lines(source)), [Sdbg, File, SystemdRun]))
        for load, peers in loads:
            medians = run_all(rounds, peers, load)
            yield from compare(load, medians, "kept", "%", at_least=100)
            yield from compare(load, medians, "wall", "s", targets={File: WALL_RATIO})
            yield from compare(load, medians, "cpu", "s")
            yield from compare(load, medians, "disk", "MB")


def steady_kept():
    medians = run_all(1, (Sdbg, SystemdRun), steady())
    yield from compare(steady(), medians, "kept", "%", at_least=100)


def against_one_entry_a_line():
    """Without journald's rate limit, so that the peer stores what it is given."""
    for load in short_lines(), steady():
        medians = run_all(1, (Sdbg, SystemdRun), load)
        unlimited = dataclasses.replace(load, name=f"{load.name}, no limit")
        yield from compare(unlimited, medians, "kept", "%", at_least=100)
        yield from compare(unlimited, medians, "cpu", "s", targets={SystemdRun: CPU_RATIO})
        yield from compare(unlimited, medians, "disk", "MB", targets={SystemdRun: DISK_RATIO})
