# SPDX-License-Identifier: MIT
"""What a person at an attached terminal feels, and what a job with a terminal takes."""

import contextlib
import itertools
import pathlib
import shutil
import statistics
import time

from harness import run, sdbg, unique_name, wait_until
from jobs import pss
from terminal import Terminal
from rows import Row

KEYS = 20  # in a row at the one, then at the other
BLOCKS = 15


def echo_times(terminal):
    """Seconds from a key to its echo, each a moment after the one before, as a person types."""
    for i in range(KEYS):
        key = b"abcdefghij"[i % 10:i % 10 + 1]
        terminal.printed = b""
        time.sleep(0.01)
        begin = time.monotonic()
        terminal.type(key)
        while key not in terminal.printed:
            terminal.read(5)
        yield time.monotonic() - begin


def attached(command):
    terminal = Terminal(*command)
    terminal.type("x")
    terminal.expect("x")
    return terminal


def key_to_echo(commands):
    """Types at all of them in turn, so that what else the machine does meets all alike. Return: lists of times."""
    times = [[] for _ in commands]
    with contextlib.ExitStack() as stack:
        terminals = [stack.enter_context(contextlib.closing(attached(command))) for command in commands]
        time.sleep(0.5)
        for _ in range(BLOCKS):
            for terminal, taken in zip(terminals, times):
                taken += echo_times(terminal)
        for terminal in terminals:
            terminal.type("\r")  # a line has an end: termios(3)
    return times


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

    commands = [("sdbg", "attach", name)]
    if shutil.which("tmux"):
        run("tmux", "new-session", "-d", "-s", "bench", "cat")
        commands.append(("tmux", "attach", "-t", "bench"))
    times = [key_to_echo(commands) for _ in range(rounds)]
    own, *peer = (statistics.median(itertools.chain(*taken)) * 1e3 for taken in zip(*times))
    yield Row("key to echo, attached", "ms", own, "tmux", *(peer or [None]), ratio_max=1)
    if peer:
        run("tmux", "kill-server")
    sdbg("stop", name)
