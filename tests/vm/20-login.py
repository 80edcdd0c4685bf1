#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What becomes of jobs when their user logs out: of `visitor`, who has no other session."""

import pathlib
import shlex

import harness
from harness import alive, run, unique_name, wait_until

VISITOR = "visitor"
BINARIES = pathlib.Path(__file__).resolve().parents[2] / "build/src"
STOPPED_IN = 60  # seconds; logind waits for ten before it stops the manager


def in_a_login(script):
    """The command of a session of its own, as a login on a terminal or by ssh would have it."""
    return ["sudo", "su", "--login", VISITOR, "--command", f"export PATH={BINARIES}:$PATH; {script}"]


def visitor(*arguments, exits=0):
    """Has the visitor log in, run sdbg, and log out."""
    return run(*in_a_login(shlex.join(["sdbg", "--json", *arguments])), exits=exits, timeout=100)


def user_state():
    return run("loginctl", "show-user", "--property=State", "--value", VISITOR, exits=None).stdout.strip()


class Logout(harness.SystemTest):
    timeout = 240

    def setUp(self):
        super().setUp()
        self.name = unique_name()
        self.addCleanup(self.forget_visitor)

    def forget_visitor(self):
        run("sudo", "loginctl", "disable-linger", VISITOR)
        run("sudo", "loginctl", "terminate-user", VISITOR, exits=None)
        wait_until(lambda: user_state() == "", STOPPED_IN, "the end of the visitor's sessions")

    def start(self, *options):
        """In a session that ends with it. Return: the job's PID."""
        return visitor("start", "--name", self.name, *options, "sleep", "1000").json["pid"]

    def status(self):
        (job,) = visitor("status", self.name).json
        return job

    def test_jobs_end_with_the_last_session(self):
        pid = self.start()
        self.assertTrue(alive(pid))
        wait_until(lambda: not alive(pid), STOPPED_IN, "the job's end")
        wait_until(lambda: user_state() == "", STOPPED_IN, "the manager's end")
        job = self.status()
        self.assertEqual((job["state"], job["result"]), ("exited", "stopped"))
        self.assertIn("manager", job["reason"])
        self.assertIsNotNone(job["ended_at"])

    def test_jobs_go_on_with_linger(self):
        run("sudo", "loginctl", "enable-linger", VISITOR)
        pid = self.start()
        wait_until(lambda: user_state() == "lingering", STOPPED_IN, "the end of the session")
        self.assertTrue(alive(pid))
        job = self.status()
        self.assertEqual((job["state"], job["pid"]), ("running", pid))

    def test_jobs_of_the_login_end_also_with_linger(self):
        run("sudo", "loginctl", "enable-linger", VISITOR)
        pid = self.start("--lifetime", "login")
        wait_until(lambda: not alive(pid), STOPPED_IN, "the job's end")
        job = self.status()
        self.assertEqual(job["result"], "stopped")
        self.assertIn("login", job["reason"])


if __name__ == "__main__":
    harness.main()
