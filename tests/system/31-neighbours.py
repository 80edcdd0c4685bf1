#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs beside a service that floods: journald's rate limit is one for all services of a user, and used up."""

import os
import time

import harness
from harness import run, sdbg, spawn, unique_name, wait_until

LINES_A_SECOND = 20
SECONDS = 60 if os.environ.get("SDBG_LONG") == "1" else 15


class Neighbours(harness.SystemTest):
    timeout = 2 * SECONDS + harness.TEST_SECONDS

    def setUp(self):
        super().setUp()
        self.name = unique_name()
        self.flood = unique_name("flood")
        run("systemd-run", "--user", "--quiet", f"--unit={self.flood}", "yes", "flood")
        self.addCleanup(self.stop_flood)
        self.wait_for_drops()

    def stop_flood(self):
        harness.systemctl_user("stop", self.flood, exits=None)

    def wait_for_drops(self):
        """Returns when journald throws away what the user's services print."""
        wait_until(self.is_dropping, timeout=60, what="journald dropping lines")

    def is_dropping(self):
        """Whether there is nothing new of the flood, which never pauses."""
        newest = run("journalctl", "--user", "--quiet", "--output=json", "--lines=1", f"--unit={self.flood}",
                     "SYSLOG_IDENTIFIER=yes").json_lines
        return newest and time.time() - int(newest[0]["__REALTIME_TIMESTAMP"]) / 1e6 > 1

    def job(self, lines, pause):
        """A job that prints numbered lines."""
        script = f"i=0; while [ $i -lt {lines} ]; do i=$((i + 1)); echo line $i; sleep {pause}; done"
        sdbg("start", "--name", self.name, "--settle=0", "-c", script)
        return [f"line {number}" for number in range(1, lines + 1)]

    def lines(self):
        return sdbg("logs", "--all", self.name).stdout.splitlines()

    def forget(self):
        """From now on there is only the journal."""
        wait_until(lambda: not harness.job_units(), timeout=60)
        sdbg("clean", self.name)

    def test_slow_printer_keeps_all_lines(self):
        wanted = self.job(SECONDS * LINES_A_SECOND, 1 / LINES_A_SECOND)
        follower = spawn("sdbg", "logs", "--follow", "--all", self.name)
        for line in wanted[:len(wanted) // 2]:
            self.assertEqual(follower.stdout.readline().decode(), f"{line}\n")
        half = self.lines()
        self.assertGreaterEqual(len(half), len(wanted) // 2)
        self.assertEqual(half, wanted[:len(half)])
        self.assertEqual(follower.communicate()[0].decode().splitlines(), wanted[len(wanted) // 2:])
        self.wait_for_drops()
        self.assertEqual(self.lines(), wanted)
        self.forget()
        self.assertEqual(self.lines(), wanted)

    def test_flooding_job_keeps_all_lines(self):
        sdbg("start", "--name", self.name, "--settle=0", "seq", "1000000")
        sdbg("wait", self.name)
        self.forget()
        self.assertTrue(sdbg("logs", "--all", self.name).stdout == run("seq", "1000000").stdout)

    def test_records_are_there(self):
        sdbg("start", "--name", self.name, "--settle=0", "-c", "echo only line; exit 3", exits=None)
        sdbg("wait", self.name, exits=3)
        self.forget()
        self.stop_flood()  # which journalctl --sync would wait for
        events = [e["SDBG_EVENT"] for e in self.journal.of_job(self.name) if "SDBG_EVENT" in e]
        self.assertEqual((events.count("start"), events[-1]), (1, "exit"))
        self.assertEqual(self.lines(), ["only line"])

    def test_list_is_right(self):
        running = unique_name()
        sdbg("start", "--name", running, "sleep", "1000")
        sdbg("start", "--name", self.name, "--settle=0", "-c", "exit 3", exits=None)
        sdbg("wait", self.name, exits=3)
        wait_until(lambda: harness.job_units() == [harness.unit_of(running)], timeout=60)
        sdbg("clean", self.name)
        listed = {job["name"]: job for job in sdbg("list", "-a", json=True).json}
        self.assertEqual(listed[running]["state"], "running")
        self.assertEqual([listed[self.name][f] for f in ("state", "result", "exit_code")], ["failed", "exit-code", 3])


if __name__ == "__main__":
    harness.main()
