#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# bed: --volatile
"""Events and waiting where the user's journal is not the user's to read: the rings have them."""

import harness
from harness import sdbg, spawn, unique_name, wait_until


class UnreadableJournal:
    @staticmethod
    def text(lines):
        return ""


class Unreadable(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name, self.reader = unique_name(), unique_name("reader")

    def run_job(self, name):
        """Returns when also the unit is gone."""
        sdbg("start", "--name", name, "--settle=0", "-c", "echo line; exit 3", exits=None)
        sdbg("wait", name, exits=3)
        wait_until(lambda: not harness.job_units(), timeout=30)

    def events(self, *options):
        return [(event["job"], event["event"]) for event in sdbg("events", *options, json=True).json_lines]

    def test_events(self):
        self.run_job(self.name)
        both = [(self.name, "start"), (self.name, "exit")]
        self.assertEqual(self.events(self.name), both)
        self.assertEqual(self.events("--since=10min", self.name), both)

    def test_followed(self):
        child = spawn("sdbg", "events", "-f", "--since=10min", self.name)
        self.run_job(self.name)
        self.assertIn(b"start", child.stdout.readline())
        self.assertIn(b"exited with code 3", child.stdout.readline())

    def test_each_reader_once(self):
        given, wanted = [], []
        for _ in range(4):
            name = unique_name()
            self.run_job(name)
            wanted += [(name, "start"), (name, "exit")]
            given += self.events(f"--new={self.reader}", "job*")
            given += self.events(f"--new={self.reader}", "job*")
        self.assertEqual([event for event in given if event in wanted], wanted)

    def test_more_than_a_mark_holds(self):
        """What does not fit is given at the next call."""
        names = [unique_name() for _ in range(50)]
        for name in names:
            sdbg("start", "--name", name, "--settle=0", "-c", "exit 3", exits=None)
        for name in names:
            sdbg("wait", name, exits=3)
        given = []
        while more := self.events(f"--new={self.reader}", "job*"):
            given += more
        ours = [event for event in given if event[0] in names]
        self.assertEqual(sorted(ours), sorted((name, kind) for name in names for kind in ("start", "exit")))

    def test_wait_and_status(self):
        self.run_job(self.name)
        sdbg("wait", self.name, "--for", "log=^line$")
        (job,) = sdbg("status", self.name, json=True).json
        self.assertEqual(job["post_mortem"]["last_lines"][0]["text"], "line")


if __name__ == "__main__":
    harness.Journal = UnreadableJournal
    harness.main()
