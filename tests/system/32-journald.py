#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What becomes of output when journald, its disk or a job's supervisor fails: nothing is lost, or it is said."""

import os
import pathlib
import re
import signal
import tempfile
import time

import harness
from harness import root, run, sdbg, spawn, unique_name, wait_until

STOPPED_SECONDS = 30 if os.environ.get("SDBG_LONG") == "1" else 10
RING = 8 << 20  # bytes that a job can print while journald takes none
GAP = re.compile(r"… (\d+) lines left out \((.+)\) …")

# Prints numbered lines until told to stop, and then says how many; being killed for a broken pipe shows.
PRINTER = """
i=0
until [ -e "$1/stop" ]; do i=$((i + 1)); echo "line $i"; $2; done
echo "$i" >"$1/printed"
"""


class JournaldTest(harness.SystemTest):
    timeout = 2 * STOPPED_SECONDS + harness.TEST_SECONDS

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.name = unique_name()

    def start(self, pause):
        """A job that prints until finish() is called. pause: a command run after each line."""
        sdbg("start", "--name", self.name, "--settle=0", "--output-max=4G", "--",
             "sh", "-c", PRINTER, "sh", self.directory, pause)

    def start_slow(self):
        self.start("sleep 0.02")

    def start_flood(self):
        self.start(":")

    def finish(self):
        """Ends the job. Return: the lines it has printed."""
        (self.directory / "stop").touch()
        sdbg("wait", self.name)  # fails where it was killed
        return [f"line {number}" for number in range(1, int((self.directory / "printed").read_text()) + 1)]

    def lines(self, *options):
        return sdbg("logs", *(options or ["--all"]), self.name).stdout.splitlines()

    def status(self):
        return sdbg("status", self.name, json=True).json[0]

    def wait_for_more(self, lines):
        """Returns when the job has printed so many lines more than it had at the call."""
        wanted = self.status()["lines"] + lines
        wait_until(lambda: self.status()["lines"] >= wanted, timeout=30)

    def forget(self):
        """From now on there is only the journal."""
        wait_until(lambda: not harness.job_units(), timeout=60)
        sdbg("clean", self.name)

    def assert_whole(self, shown, wanted):
        """As assertEqual(), which takes minutes to compare what differs in a million lines."""
        at = next((i for i, (a, b) in enumerate(zip(shown, wanted)) if a != b), min(len(shown), len(wanted)))
        self.assertEqual((shown[at:at + 3], len(shown)), (wanted[at:at + 3], len(wanted)))

    def assert_kept(self, wanted):
        """At once, with what is in the runtime directory, and later, with the journal alone."""
        self.assert_whole(self.lines(), wanted)
        self.forget()
        self.assert_whole(self.lines(), wanted)
        root("journal-sync")
        shown = run("journalctl", "--user", "--quiet", "--output=cat", *self.journal.since, "--unit=bgjob-*")
        self.assertNotIn("blob data", shown.stdout)


class Interrupted(JournaldTest):
    """journald is restarted, killed or rotated while jobs print."""

    def check(self, action):
        for start in (self.start_slow, self.start_flood):
            with self.subTest(start.__name__):
                self.name = unique_name()
                start()
                for _ in range(3):
                    self.wait_for_more(10)
                    root(action)
                self.wait_for_more(10)
                self.assert_kept(self.finish())
                (self.directory / "stop").unlink()

    def test_restart(self):
        self.check("journald-restart")

    def test_kill(self):
        self.check("journald-kill")

    def test_rotate(self):
        self.check("journal-rotate")


class Stopped(JournaldTest):
    """journald does nothing for a while, as on a disk that hangs."""

    def test_slow_job_goes_on_and_can_be_read(self):
        self.start_slow()
        self.wait_for_more(10)
        root("journald-stop")
        follower = spawn("sdbg", "logs", "--follow", "--lines=0", self.name)
        until = time.monotonic() + STOPPED_SECONDS
        while time.monotonic() < until:
            self.assertRegex(follower.stdout.readline(), rb"line \d+\n")
        shown = self.lines()
        self.assertEqual(shown, [f"line {number}" for number in range(1, len(shown) + 1)])
        root("journald-cont")
        self.wait_for_more(10)
        self.assert_kept(self.finish())

    def test_flood_is_held_back_in_bounded_memory(self):
        self.start_flood()
        root("journald-stop")
        begin = self.status()["bytes"]
        wait_until(lambda: self.status()["bytes"] > begin + RING / 2, timeout=60)
        # No event tells that a job has been waiting for long.
        time.sleep(STOPPED_SECONDS)
        supervisor = harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"]
        peak = re.search(r"VmHWM:\s*(\d+) kB", pathlib.Path(f"/proc/{supervisor}/status").read_text())
        self.assertLess(int(peak[1]), 32 << 10)
        self.assertLess(self.status()["bytes"], begin + 4 * RING)
        root("journald-cont")
        self.wait_for_more(100_000)
        self.assert_kept(self.finish())

    def test_job_that_ends_meanwhile(self):
        self.start_slow()
        self.wait_for_more(10)
        root("journald-stop")
        self.wait_for_more(10)
        wanted = self.finish()
        self.assertEqual(self.lines(), wanted)
        self.assertEqual(self.status()["result"], "success")
        root("journald-cont")
        self.assert_kept(wanted)


class Supervisor(JournaldTest):
    def supervisor(self):
        return int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])

    def kill(self):
        """Return: how many lines the supervisor had taken in when it died."""
        supervisor = self.supervisor()
        os.kill(supervisor, signal.SIGSTOP)
        wait_until(lambda: pathlib.Path(f"/proc/{supervisor}/stat").read_text().split()[2] == "T")
        taken = self.status()["lines"]
        os.kill(supervisor, signal.SIGKILL)
        return taken

    def assert_taken(self, taken):
        """Of the last line, the job may have printed only the beginning."""
        shown = self.lines()
        self.assertGreaterEqual(len(shown), taken)
        wanted = [f"line {number}" for number in range(1, len(shown) + 1)]
        self.assert_whole(shown[:-1], wanted[:-1])
        self.assertTrue(wanted[-1].startswith(shown[-1]))

    def check_killed(self):
        taken = self.kill()
        sdbg("wait", self.name, exits=None)
        self.assertEqual(self.status()["result"], "lost")
        self.assert_taken(taken)
        self.forget()
        self.assert_taken(taken)
        self.assertIn("exit", [e.get("SDBG_EVENT") for e in self.journal.of_job(self.name)])

    def test_killed_beside_a_flood(self):
        self.start_flood()
        self.wait_for_more(1000)
        self.check_killed()

    def test_killed_while_the_job_is_slow(self):
        self.start_slow()
        self.wait_for_more(10)
        self.check_killed()

    def test_killed_while_journald_does_not_listen(self):
        self.start_slow()
        self.wait_for_more(10)
        root("journald-stop")
        self.wait_for_more(20)
        taken = self.kill()
        self.assert_taken(taken)
        root("journald-cont")
        self.forget()
        self.assert_taken(taken)


class Vacuum(JournaldTest):
    def test_is_shown_as_a_gap(self):
        self.start_flood()
        self.wait_for_more(2 * RING // len("line 100000\n"))
        root("journal-vacuum")
        self.wait_for_more(10)
        wanted = self.finish()
        self.assert_gap(wanted)
        self.forget()
        self.assert_gap(wanted)

    def assert_gap(self, wanted):
        first, *rest = self.lines()
        missing, reason = GAP.fullmatch(first).groups()
        self.assertEqual(reason, "vacuumed")
        self.assert_whole(rest, wanted[int(missing):])


class WithFullDisk(JournaldTest):
    """Come last: the journal stays on a small disk."""

    def test_and_slow_job(self):
        self.start_slow()
        self.wait_for_more(10)
        root("fill-journal-disk")
        self.wait_for_more(100)
        newest = self.lines("--lines=20")
        self.assertEqual(len(newest), 20)
        root("free-journal-disk")
        self.wait_for_more(10)
        self.assert_kept(self.finish())

    def test_and_flood(self):
        root("fill-journal-disk")
        self.start_flood()
        wait_until(lambda: self.status()["bytes"] > RING / 2, timeout=60)
        root("free-journal-disk")
        self.wait_for_more(100_000)
        self.assert_kept(self.finish())


if __name__ == "__main__":
    harness.main()
