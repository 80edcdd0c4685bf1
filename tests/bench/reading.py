# SPDX-License-Identifier: MIT
"""Reading what jobs have printed, against journalctl reading the same text written line by line."""

import statistics
import subprocess
import time

from harness import job_units, root, run, sdbg, spawn, unique_name, wait_until
from measuring import count_lines, interleaved, seconds
from rows import Row

SHORT, MIDDLE, LONG = 10_000, 200_000, 1_000_000
TICKS = 60
# Prints the time, ten times a second; the reader takes it from its own.
TICKER = f"import time\nfor _ in range({TICKS}): print(time.monotonic(), flush=True); time.sleep(0.1)"


class Pair:
    """The same lines, printed by a job and by a service whose every line is an entry."""

    def __init__(self, lines):
        self.lines = lines
        self.job, self.unit = unique_name(), unique_name("bench-")
        sdbg("start", "--name", self.job, "--settle=0", "seq", lines)
        run("systemd-run", "--user", "-q", "--wait", f"--unit={self.unit}", "seq", lines, timeout=300)
        wait_until(lambda: not job_units(), timeout=60)
        root("journal-sync")

    def journalctl(self, *arguments):
        return ["journalctl", "--user", "-q", "--no-pager", "-o", "cat", "-u", self.unit, *arguments]


def write_others(count):
    """Entries that are nobody's here."""
    run("bash", "-c", f"seq {count} | systemd-cat -t others", timeout=600)
    root("journal-sync")


def tail(rounds, other):
    pair = Pair(SHORT)
    write_others(other)
    own, peer = interleaved(rounds, lambda: seconds(lambda: sdbg("logs", "-n", 100, pair.job)),
                            lambda: seconds(lambda: run(*pair.journalctl("-n", "100"))))
    yield Row(f"last 100 lines beside {other:,} entries", "ms", own * 1e3, "journalctl", peer * 1e3, ratio_max=0.5)


def search(rounds):
    """Few lines match, so that finding them is what is measured."""
    pair = Pair(MIDDLE)
    pattern = "^1234.5$"
    own, peer = interleaved(rounds, lambda: seconds(lambda: sdbg("logs", "--all", "-g", pattern, pair.job)),
                            lambda: seconds(lambda: run(*pair.journalctl("-g", pattern))))
    yield Row(f"search in {MIDDLE:,} lines", "ms", own * 1e3, "journalctl -g", peer * 1e3, ratio_max=0.2)
    own, peer = interleaved(rounds, lambda: seconds(lambda: sdbg("logs", "-n", 5, "-g", "99$", pair.job)),
                            lambda: seconds(lambda: run(*pair.journalctl("-n", "5", "-g", "99$"))))
    yield Row("search for the last 5 of them", "ms", own * 1e3, "journalctl -g -n", peer * 1e3, ratio_max=1)


def whole():
    pair = Pair(LONG)
    own, peer = interleaved(1, lambda: seconds(lambda: count_lines("sdbg", "logs", "--all", pair.job)),
                            lambda: seconds(lambda: count_lines(*pair.journalctl())))
    yield Row(f"{LONG:,} lines", "s", own, "journalctl", peer, ratio_max=0.2)


def latency(follower):
    """Return: the median of the seconds from a line's writing to its reading."""
    late = []
    for line in follower.stdout:
        try:
            late.append(time.monotonic() - float(line))
        except ValueError:  # a message of the manager's
            continue
        if len(late) == TICKS // 2:
            follower.kill()
            return statistics.median(late)
    raise RuntimeError("the follower ended early")


def follow_sdbg():
    name = unique_name()
    sdbg("start", "--name", name, "--settle=0", "python3", "-c", TICKER)
    return latency(spawn("sdbg", "logs", "-f", "-n", "0", name, stderr=subprocess.DEVNULL))


def follow_journalctl():
    unit = unique_name("bench-")
    run("systemd-run", "--user", "-q", f"--unit={unit}", "python3", "-c", TICKER)
    command = ["journalctl", "--user", "-q", "-f", "-n", "0", "-o", "cat", "-u", unit]
    return latency(spawn(*command, stderr=subprocess.DEVNULL))


def follow():
    own, peer = interleaved(3, follow_sdbg, follow_journalctl)
    yield Row("follow: from writing to reading", "ms", own * 1e3, "journalctl -f", peer * 1e3, ratio_max=0.05)


def all_measures(rounds, other):
    yield from tail(rounds, other)
    yield from search(rounds)
    yield from whole()
    yield from follow()
