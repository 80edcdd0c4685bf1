#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is known of jobs when the machine was rebooted as it should be. suite calls prepare() before."""

import harness
import reboots
from harness import sdbg, wait_until

NAME = "told-to-end"
ENABLED = "comes-back"
DOWN = ["systemctl", "reboot"]


def prepare():
    sdbg("start", "--name", NAME, "--settle=0", "-c", "trap 'echo last words; exit 7' TERM; echo seen; while :; do sleep 0.1; done")
    sdbg("start", "--name", ENABLED, "--ready-log", "is up", "-c", "echo is up; exec sleep 1000")
    sdbg("enable", ENABLED)
    wait_until(lambda: "seen" in sdbg("logs", NAME).stdout, 60)
    sdbg("events", "--new=over-the-reboot", "--json")
    reboots.note_jobs()


class Shutdown(reboots.RebootTest):
    def test_running_job_was_stopped(self):
        job, before = self.status(NAME), self.before[NAME]
        self.assertEqual((job["state"], job["result"], job["run"]), ("exited", "stopped", before["run"]))
        self.assertIn("manager", job["reason"])
        self.assertIsNotNone(job["ended_at"])

    def test_its_last_words_are_kept(self):
        self.assertEqual(sdbg("logs", NAME).stdout.splitlines()[0], "seen")
        self.assertIn("last words", sdbg("logs", NAME).stdout)

    def test_enabled_job_is_back(self):
        self.assert_back(ENABLED)
        self.check_new_events()
        sdbg("disable", ENABLED)

    def check_new_events(self):
        """What came after the last call, before the machine went down and since; once."""
        events = sdbg("events", "--new=over-the-reboot", json=True).json_lines
        kinds = {(e["job"], e["event"], e["run"] == self.before[e["job"]]["run"]) for e in events}
        for expected in ((NAME, "exit", True), (ENABLED, "exit", True), (ENABLED, "start", False), (ENABLED, "ready", False)):
            self.assertIn(expected, kinds)
        self.assertNotIn((NAME, "start", True), kinds)
        self.assertEqual(sdbg("events", "--new=over-the-reboot").stdout, "")


if __name__ == "__main__":
    harness.main()
