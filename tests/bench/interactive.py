# SPDX-License-Identifier: MIT
"""What a person at an attached terminal feels, and what a job with a terminal takes."""

import contextlib
import itertools
import os
import pathlib
import shutil
import statistics
import time

from harness import run, sdbg, unique_name, unit_of, unit_properties, wait_until
from jobs import pss
from terminal import Terminal
from rows import Row

KEYS = 20  # in a row at the one, then at the other
BLOCKS = 15
TERMINALS = 10  # whose memory is looked at
PRINTING = "seq 1000000; echo the end; exec cat"


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


def memory(comm):
    """KiB of each of them, on the average, when all have been idle for a while."""
    wait_until(lambda: len(named(comm)) == TERMINALS)
    time.sleep(3)
    return statistics.mean(pss(process) for process in named(comm))


def cpu(pid):
    """Seconds of CPU that the process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_printing():
    name = unique_name()
    sdbg("start", "--name", name, "--pty", "-c", PRINTING)
    sdbg("wait", name, "--for", "log=^the end$", "--timeout=5min", timeout=300)
    seconds = cpu(unit_properties(unit_of(name), "MainPID")["MainPID"])
    sdbg("stop", name)
    return seconds


def peers_printing():
    run("tmux", "new-session", "-d", "-x", "120", "-y", "40", "-s", "print", PRINTING)
    wait_until(lambda: "the end" in run("tmux", "capture-pane", "-p", "-t", "print").stdout, timeout=300)
    seconds = cpu(run("tmux", "display-message", "-p", "#{pid}").stdout.strip())
    run("tmux", "kill-server")
    return seconds


def all_measures(rounds):
    names = [unique_name() for _ in range(TERMINALS)]
    for name in names:
        sdbg("start", "--name", name, "--pty", "--size=80x24", "cat")
    peers = range(TERMINALS if shutil.which("screen") else 0)
    for i in peers:
        run("screen", "-dmS", f"bench{i}", "cat")
    # At the same time, so that both share their libraries with as many others.
    own, peer = memory("sdbg-supervisor"), memory("screen") if peers else None
    for i in peers:
        run("screen", "-S", f"bench{i}", "-X", "quit")
    sdbg("stop", *names[1:])
    yield Row(f"memory of a job with a terminal, of {TERMINALS}", "KiB", own, "screen", peer, ratio_max=0.25)

    name = names[0]
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

    times = [(own_printing(), peers_printing() if peer else None) for _ in range(rounds)]
    own, peer = (statistics.median(taken) if None not in taken else None for taken in zip(*times))
    yield Row("CPU of 1,000,000 lines on a terminal", "s", own, "tmux", peer, ratio_max=1)
