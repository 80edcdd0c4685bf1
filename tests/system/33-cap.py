#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is kept of jobs that print more than they may keep: --output-max, --overflow."""

import json
import pathlib
import re

import harness
from harness import root, sdbg, wait_until

MIB = 1 << 20
GAP = re.compile(r"… ([\d,]+) lines left out \((.+)\) …")
# Prints blocks of lines that cannot be compressed much, without a pause.
PRINTER = """
import base64, os, sys
blocks = [base64.encodebytes(os.urandom(1 << 20)) for _ in range(8)]
left = int(sys.argv[1])
while left > 0:
    for block in blocks:
        left -= os.write(1, block)
"""


def journal_bytes():
    """What the journal takes on the disk."""
    files = pathlib.Path("/var/log/journal").glob("*/*")
    return sum(file.stat().st_blocks * 512 for file in files)


class CapTest(harness.JobTest):
    def print_to_end(self, *options):
        self.start(*options)
        sdbg("wait", self.name)

    def logs(self, *options):
        return sdbg("logs", "--all", *options, self.name)

    def forget(self):
        """From now on there is only the journal."""
        wait_until(lambda: not harness.job_units(), timeout=60)
        sdbg("clean", self.name)

    def parts(self):
        """Return: the lines before and after the one gap, how many it counts, and its reason."""
        lines = self.logs().stdout.splitlines()
        [at] = [i for i, line in enumerate(lines) if GAP.fullmatch(line)]
        missing, reason = GAP.fullmatch(lines[at]).groups()
        return lines[:at], lines[at + 1:], int(missing.replace(",", "")), reason


class Cap(CapTest):
    LINES = 3_000_000
    CAP = 4 * MIB

    def assert_middle_left_out(self):
        head, tail, missing, reason = self.parts()
        wanted = [str(number) for number in range(1, self.LINES + 1)]
        self.assertTrue(head == wanted[:len(head)])
        self.assertTrue(tail == wanted[-len(tail):])
        self.assertEqual(len(head) + missing + len(tail), self.LINES)
        self.assertEqual(reason, "cap")
        self.assertGreaterEqual(sum(map(len, head)) + len(head), self.CAP - MIB)
        self.assertGreaterEqual(sum(map(len, tail)) + len(tail), MIB)

    def test_leaves_out_the_middle_and_counts_it(self):
        self.print_to_end(f"--output-max={self.CAP}", "seq", self.LINES)
        self.assert_middle_left_out()
        self.forget()
        self.assert_middle_left_out()

    def test_is_recorded(self):
        self.print_to_end(f"--output-max={self.CAP}", "seq", self.LINES)
        self.forget()
        _, _, missing, _ = self.parts()
        records = {e["SDBG_EVENT"]: e for e in self.journal.of_job(self.name) if "SDBG_EVENT" in e}
        self.assertIn(str(missing), records["cap"]["MESSAGE"].replace(",", ""))
        self.assertEqual(json.loads(records["exit"]["SDBG_RECORD"])["lines"], self.LINES)

    def test_keeps_records(self):
        sdbg("start", "--name", self.name, f"--output-max={self.CAP}", "--ready-log=^up$", "-c",
             f"seq {self.LINES}; echo up; seq {self.LINES}")
        sdbg("wait", self.name)
        self.forget()
        head, tail, missing, _ = self.parts()
        self.assertEqual(len(head) + missing + len(tail), 2 * self.LINES + 1)
        events = [event["event"] for event in sdbg("events", self.name, json=True).json_lines]
        self.assertEqual(events, ["start", "ready", "cap", "exit"])

    def test_gap_in_json(self):
        self.print_to_end(f"--output-max={self.CAP}", "seq", self.LINES)
        lines = sdbg("logs", "--all", self.name, json=True).json_lines
        gaps = [line for line in lines if "missing" in line]
        self.assertEqual([gap["reason"] for gap in gaps], ["cap"])
        self.assertEqual(len(lines) - 1 + gaps[0]["missing"], self.LINES)

    def test_is_not_reached(self):
        self.print_to_end(f"--output-max={self.CAP}", "-c", f"yes | head -c {self.CAP - MIB}")
        self.assertEqual(len(self.logs().raw), self.CAP - MIB)
        self.assertEqual([e for e in self.journal.of_job(self.name) if e.get("SDBG_EVENT") == "cap"], [])

    def test_newest_output_of_running_job_is_shown(self):
        self.start(f"--output-max={self.CAP}", "-c", f"seq {self.LINES}; exec sleep 1000")
        wait_until(lambda: self.status()["lines"] == self.LINES, timeout=60)
        self.assertEqual(sdbg("logs", "--lines=3", self.name).stdout.split(),
                         [str(self.LINES - i) for i in (2, 1, 0)])
        self.assert_middle_left_out()

    def test_other_stream_is_kept_too(self):
        self.print_to_end(f"--output-max={self.CAP}", "-c", f"echo begin >&2; seq {self.LINES}; echo end >&2")
        shown = self.logs("--stream=stderr").stdout.splitlines()
        self.assertEqual([line for line in shown if not GAP.fullmatch(line)], ["begin", "end"])


class Flood(CapTest):
    CAP = 64 * MIB
    PRINTED = 5 << 30

    def test_ends_and_fills_no_disk(self):
        gate = self.directory / "gate"
        script = f"python3 -c '{PRINTER}' {self.PRINTED}; until [ -e {gate} ]; do sleep 0.05; done"
        before = journal_bytes()
        self.start(f"--output-max={self.CAP}", "-c", script)
        wait_until(lambda: self.status()["bytes"] >= self.PRINTED, timeout=harness.TEST_SECONDS / 2)
        supervisor = harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"]
        peak = re.search(r"VmHWM:\s*(\d+) kB", pathlib.Path(f"/proc/{supervisor}/status").read_text())
        self.assertLess(int(peak[1]), 32 << 10)
        gate.touch()
        sdbg("wait", self.name)
        self.forget()
        root("journal-sync")
        self.assertLess(journal_bytes() - before, 2 * self.CAP)
        head, tail, missing, _ = self.parts()
        self.assertGreater(sum(map(len, head)), self.CAP / 2)
        self.assertGreater(sum(map(len, tail)), MIB)
        records = [e for e in self.journal.of_job(self.name, "SDBG_EVENT=exit")]
        self.assertEqual(json.loads(records[-1]["SDBG_RECORD"])["lines"], len(head) + missing + len(tail))


class Overflow(CapTest):
    """journald takes nothing: jobs wait, or lose lines and know it."""

    LINES = 4_000_000  # more than the ring, and what the pipe and the sockets hold
    SMALL_RING = "--memory-max=1G"  # the ring of a job with a limit does not grow

    def setUp(self):
        super().setUp()
        self.printed = self.directory / "printed"
        self.script = f"seq {self.LINES}; touch {self.printed}"

    def test_block_loses_nothing(self):
        root("journald-stop")
        self.start("--overflow=block", self.SMALL_RING, "-c", self.script)
        wait_until(lambda: self.status()["bytes"] > 4 * MIB, timeout=30)
        root("journald-cont")
        sdbg("wait", self.name)
        self.assertTrue(self.printed.exists())
        self.assertTrue(self.logs().stdout == "".join(f"{i}\n" for i in range(1, self.LINES + 1)))

    def test_ring_grows_first(self):
        root("journald-stop")
        self.start("--overflow=block", "-c", self.script)
        wait_until(self.printed.exists, timeout=60)
        root("journald-cont")
        sdbg("wait", self.name)
        self.assertTrue(self.logs().stdout == "".join(f"{i}\n" for i in range(1, self.LINES + 1)))
        self.forget()
        self.assertTrue(self.logs().stdout == "".join(f"{i}\n" for i in range(1, self.LINES + 1)))

    def test_drop_lets_the_job_go_on(self):
        root("journald-stop")
        self.start("--overflow=drop", self.SMALL_RING, "-c", self.script)
        wait_until(self.printed.exists, timeout=60)
        root("journald-cont")
        sdbg("wait", self.name)
        self.forget()
        lines = self.logs().stdout.splitlines()
        gaps = [GAP.fullmatch(line) for line in lines if GAP.fullmatch(line)]
        self.assertTrue(gaps)
        self.assertEqual(sum(int(gap[1].replace(",", "")) for gap in gaps) + len(lines) - len(gaps), self.LINES)
        self.assertEqual({gap[2] for gap in gaps} & {"cap", "vacuumed"}, set())


if __name__ == "__main__":
    harness.main()
