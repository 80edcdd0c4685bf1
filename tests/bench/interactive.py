# SPDX-License-Identifier: MIT
"""What a person at an attached terminal feels, and what a job with a terminal takes."""

import contextlib
import pathlib
import shutil
import statistics
import time

from harness import run, sdbg, unique_name, wait_until
from jobs import pss
from terminal import Terminal
from rows import Row

KEYS = 300


def echo_latency(terminal):
    """Median seconds from a key to its echo, each a moment after the one before, as a person types."""
    taken = []
    for i in range(KEYS):
        key = b"abcdefghij"[i % 10:i % 10 + 1]
        terminal.printed = b""
        time.sleep(0.01)
        begin = time.monotonic()
        terminal.type(key)
        while key not in terminal.printed:
            terminal.read(5)
        taken.append(time.monotonic() - begin)
    return statistics.median(taken)


def latency(*command):
    with contextlib.closing(Terminal(*command)) as terminal:
        terminal.type("x")
        terminal.expect("x")
        time.sleep(0.5)
        return echo_latency(terminal)


def named(comm):
    return [p.parent for p in pathlib.Path("/proc").glob("[0-9]*/comm") if p.read_text() == f"{comm}\n"]


def all_measures(rounds):
    name = unique_name()
    sdbg("start", "--name", name, "--pty", "--size=80x24", "cat")
    size = pss(named("sdbg-supervisor")[0])
    other = None
    if shutil.which("screen"):
        run("screen", "-dmS", "bench", "cat")
        wait_until(lambda: named("screen"))
        time.sleep(0.5)
        other = max(pss(process) for process in named("screen"))
        run("screen", "-S", "bench", "-X", "quit")
    yield Row("memory of a job with a terminal", "KiB", size, "screen", other, ratio_max=0.25)

    if shutil.which("tmux"):
        run("tmux", "new-session", "-d", "-s", "bench", "cat")
    own, peer = [], []
    for _ in range(rounds):
        own.append(latency("sdbg", "attach", name))
        if shutil.which("tmux"):
            peer.append(latency("tmux", "attach", "-t", "bench"))
    yield Row("key to echo, attached", "ms", statistics.median(own) * 1e3, "tmux",
              statistics.median(peer) * 1e3 if peer else None, ratio_max=1)
    if peer:
        run("tmux", "kill-server")
    sdbg("stop", name)
