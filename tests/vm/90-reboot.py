#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is known of jobs when the machine has gone down under them, as without power. suite calls prepare() before."""

import datetime
import re

import harness
import reboots
from harness import run, sdbg, wait_until

NAME = "running"
ENABLED = "enabled"
# As without power: nothing is stopped, nothing is written.
DOWN = ["systemctl", "reboot", "--force", "--force"]


def now():
    return datetime.datetime.now().astimezone().isoformat()


def prepare():
    sdbg("start", "--name", NAME, "-c", "echo seen; exec sleep 1000")
    sdbg("start", "--name", ENABLED, "--ready-log", "is up", "-e", "TEXT=is up", "-c", "echo $TEXT; exec sleep 1000")
    sdbg("enable", ENABLED)
    sdbg("start", "--name", "ended", "--settle=60s", "-c", "echo done; exit 3", exits=5)
    # What journald has and has not written goes with the machine.
    wait_until(lambda: run("journalctl", "--user", "SDBG_JOB=ended", "SDBG_EVENT=exit", "--quiet").stdout, 60)
    harness.root("journal-sync")
    sdbg("events", "--new=over-the-reboot")
    reboots.note_jobs(time=now())
    run("sync")


class Reboot(reboots.RebootTest):
    def test_running_job_is_lost(self):
        job, before = self.status(NAME), self.before[NAME]
        self.assertEqual((job["state"], job["result"], job["run"]), ("failed", "lost", before["run"]))
        self.assertEqual(job["started_at"], before["started_at"])
        self.assertIn("machine", job["reason"])
        seen = re.search(r"last seen (\S+) (\S+)", job["reason"])
        self.assertTrue(before["started_at"][:19] <= "T".join(seen.groups()) <= self.before["time"][:19], seen[0])
        sdbg("wait", NAME, exits=125)
        (listed,) = [job for job in sdbg("list", "-a", json=True).json if job["name"] == NAME]
        self.assertEqual(listed["reason"], job["reason"])

    def test_enabled_job_is_back(self):
        self.assert_back(ENABLED)
        self.assertEqual(sdbg("logs", ENABLED).stdout, "is up\n")
        # What had been read before is not new, also by a reader's mark that was made on another boot.
        events = [(e["job"], e["event"]) for e in sdbg("events", "--new=over-the-reboot", json=True).json_lines]
        self.assertEqual(events, [(ENABLED, "start"), (ENABLED, "ready")])
        sdbg("disable", ENABLED)

    def test_its_output_is_kept(self):
        self.assertIn("seen", sdbg("logs", NAME).stdout)

    def test_ended_job_is_as_it_was(self):
        job = self.status("ended")
        self.assertEqual((job["result"], job["exit_code"]), ("exit-code", 3))

    def test_then_the_name_is_free(self):
        sdbg("start", "--name", NAME, "sleep", "1000")
        self.assertEqual(self.status(NAME)["state"], "running")


if __name__ == "__main__":
    harness.main()
