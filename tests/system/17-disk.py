#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A journal without room. In a bed of its own: its small disk stays."""


import harness
from harness import sdbg, wait_until


class Disk(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"

    def start_counting(self):
        sdbg("start", "--name", self.name, "-c",
             f"i=0; until [ -e {self.gate} ]; do i=$((i+1)); echo line $i; sleep 0.002; done; echo last")
        self.wait_for_lines()

    def wait_for_lines(self):
        before = self.status()["lines"]
        wait_until(lambda: self.status()["lines"] >= before + 50)

    def end_counting(self):
        self.gate.touch()
        sdbg("wait", self.name)

    def assert_whole(self):
        lines = sdbg("logs", "--all", self.name).stdout.splitlines()
        self.assertEqual(lines, [f"line {i}" for i in range(1, len(lines))] + ["last"])
        self.assertEqual(self.status()["lines"], len(lines))

    def test_is_full(self):
        harness.root("fill-journal-disk")
        self.start_counting()
        self.wait_for_lines()
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        self.end_counting()
        self.assert_whole()
        self.assertEqual(self.status()["exit_code"], 0)
        wait_until(lambda: not harness.job_units(), timeout=90)
        self.assert_whole()

    def test_is_full_for_a_while(self):
        self.start_counting()
        harness.root("fill-journal-disk")
        self.wait_for_lines()
        harness.root("free-journal-disk")
        self.wait_for_lines()
        self.end_counting()
        self.assert_whole()
        wait_until(lambda: not harness.job_units(), timeout=90)
        self.assert_whole()

    def test_job_is_stopped_meanwhile(self):
        self.start_counting()
        harness.root("fill-journal-disk")
        sdbg("stop", self.name, timeout=100)
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(self.status()["result"], "stopped")


if __name__ == "__main__":
    harness.main()
