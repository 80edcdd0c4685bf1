# SPDX-License-Identifier: MIT
"""Clocks and counters."""

import pathlib
import re
import statistics
import struct
import time

import harness

JOURNAL = pathlib.Path("/var/log/journal")


def seconds(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def interleaved(rounds, *functions):
    """Calls the functions in turn. Return: the median of what each gave."""
    given = [[function() for function in functions] for _ in range(rounds)]
    return [statistics.median(values) for values in zip(*given)]


def bed_cpu():
    """Seconds that all processes of the bed have used."""
    text = (harness.CGROUPS / "cpu.stat").read_text()
    return int(re.search(r"usage_usec (\d+)", text)[1]) / 1e6


def disk_bytes(directory):
    return sum(file.stat().st_blocks * 512 for file in directory.rglob("*"))


def used_bytes(file):
    """Up to the last object: the file itself grows in large steps (struct Header of journal-def.h)."""
    with file.open("rb") as stream:
        return struct.unpack_from("<Q", stream.read(144), 136)[0]


def journal_bytes():
    """What the user's entries take."""
    harness.root("journal-sync")
    return sum(map(used_bytes, JOURNAL.glob("*/user-*.journal")))


def count_lines(*command):
    return int(harness.run("bash", "-o", "pipefail", "-c", '"$@" | wc -l', "count", *command, timeout=600).stdout)
