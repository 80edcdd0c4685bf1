#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ground that the other tests stand on: systemd, the journal and the helpers, without sdbg."""

import os
import unittest

import harness
from harness import root, run, wait_until


class BedTest(harness.SystemTest):
    def start_service(self, *command):
        """Return: the name of a unit like a job's, which the cleanup has to stop."""
        unit = harness.unit_of(harness.unique_name())
        run("systemd-run", "--user", "--quiet", "--slice=bgjob.slice", f"--unit={unit}", "--property=Type=exec",
            f"--setenv={harness.MARKER}={os.environ[harness.MARKER]}", *command)
        return unit

    def log(self, message):
        run("systemd-cat", "--identifier=bed-test", input=message)

    def messages(self):
        return [e["MESSAGE"] for e in self.journal.entries("SYSLOG_IDENTIFIER=bed-test")]


class Bed(BedTest):
    def test_runs_as_ordinary_user(self):
        self.assertNotEqual(os.geteuid(), 0)

    def test_user_manager_starts_services(self):
        run("systemd-run", "--user", "--wait", "true")
        run("systemd-run", "--user", "--wait", "false", exits=1)

    def test_journal_has_what_was_logged(self):
        self.log("one\ntwo\n")
        self.assertEqual(self.messages(), ["one", "two"])

    def test_journal_waits_for_entry(self):
        # Of a process that has ended meanwhile, journald does not know the unit.
        self.start_service("sh", "-c", "sleep 0.2; echo here it is; exec sleep 1000")
        entry = self.journal.wait(where=lambda e: e["MESSAGE"] == "here it is")
        self.assertIn("bgjob-", entry["_SYSTEMD_USER_UNIT"])

    def test_job_is_found_and_cleaned_up(self):
        unit = self.start_service("sleep", "1000")
        pids = harness.cgroup_pids(harness.unit_cgroup(unit))
        self.assertEqual(harness.command_line(pids[0])[1:], ["1000"])
        self.assertEqual(harness.marked(harness.MARKER, os.environ[harness.MARKER]), pids)
        self.assertEqual(harness.job_units(), [unit])
        harness._stop_all()
        self.assertEqual(harness.job_units(), [])
        self.assertFalse(harness.alive(pids[0]))

    def test_left_process_is_noticed(self):
        child = harness.spawn("setsid", "sleep", "1000")
        with self.assertRaisesRegex(AssertionError, "sleep"):
            wait_until(lambda: harness.alive(child.pid))
            self._assert_nothing_left()

    def test_test_that_hangs_is_ended(self):
        class Hanging(harness.SystemTest):
            timeout = 0.2

            def runTest(self):
                run("sleep", "1000")

        marker = os.environ[harness.MARKER]
        result = unittest.TestResult()
        Hanging().run(result)
        os.environ[harness.MARKER] = marker
        self.assertIn("TookTooLong", result.errors[0][1])


class Journald(BedTest):
    def journald(self):
        properties = run("systemctl", "show", "--property=MainPID", "systemd-journald.service").stdout
        return properties.strip()

    def test_restart(self):
        before = self.journald()
        root("journald-restart")
        self.log("after restart")
        self.assertNotEqual(self.journald(), before)
        self.assertEqual(self.messages(), ["after restart"])

    def test_kill(self):
        before = self.journald()
        root("journald-kill")
        self.assertNotEqual(self.journald(), before)
        self.log("after kill")
        self.assertEqual(self.messages(), ["after kill"])

    def test_stop_and_continue(self):
        root("journald-stop")
        self.log("while stopped")
        self.assertNotIn("while stopped", self.journal.text())
        root("journald-cont")
        self.assertEqual(self.messages(), ["while stopped"])

    def test_rotate_and_vacuum(self):
        self.log("old")
        root("journal-rotate")
        self.assertEqual(self.messages(), ["old"])
        root("journal-vacuum")
        self.log("new")
        self.assertEqual(self.messages(), ["new"])

    def test_full_disk(self):
        self.log("before")
        root("fill-journal-disk")
        self.assertEqual(os.statvfs("/var/log/journal").f_bavail, 0)
        self.assertEqual(self.messages(), ["before"])
        root("free-journal-disk")
        self.log("after")
        self.assertIn("after", self.messages())

    def test_only_listed_actions(self):
        with self.assertRaisesRegex(AssertionError, "no such action"):
            root("reboot")


if __name__ == "__main__":
    harness.main()
