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
RING = 8 << 20  # bytes that a job with a memory limit can print while journald takes none
PADDING = "." * 80
GAP = re.compile(r"… ([\d,]+) lines left out \((.+)\) …")

# Prints numbered lines until told to stop, and then says how many; being killed for a broken pipe shows.
SCRIPT = """
i=0
until [ -e "$1/stop" ]; do i=$((i + 1)); echo "line $i$3"; $2; done
echo "$i" >"$1/printed"
"""


class Printer:
    """A job that prints numbered lines until finish() is called."""

    def __init__(self, test, after_each, padding="", *options):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.name, self.padding = unique_name(), padding
        sdbg("start", "--name", self.name, "--settle=0", "--output-max=4G", *options, "--",
             "sh", "-c", SCRIPT, "sh", self.directory, after_each, padding)

    def finish(self):
        """Return: the lines it has printed."""
        (self.directory / "stop").touch()
        sdbg("wait", self.name)  # fails where it was killed
        return self.first_lines(int((self.directory / "printed").read_text()))

    def first_lines(self, count):
        return [f"line {number}{self.padding}" for number in range(1, count + 1)]

    def lines(self, *options):
        return sdbg("logs", *(options or ["--all"]), self.name).stdout.splitlines()

    def status(self):
        return sdbg("status", self.name, json=True).json[0]

    def supervisor(self):
        return int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])

    def wait_for_more(self, lines):
        """Returns when it has printed so many lines more than it had at the call."""
        wanted = self.status()["lines"] + lines
        wait_until(lambda: self.status()["lines"] >= wanted, timeout=30, what="more lines")

    def forget(self):
        """From now on there is only the journal."""
        unit = harness.unit_of(self.name)
        wait_until(lambda: unit not in harness.job_units(), timeout=60, what="end of the unit")
        sdbg("clean", self.name)


class JournaldTest(harness.SystemTest):
    timeout = 2 * STOPPED_SECONDS + harness.TEST_SECONDS

    def slow(self):
        job = Printer(self, "sleep 0.02")
        job.wait_for_more(10)
        return job

    def flood(self, *options):
        job = Printer(self, ":", PADDING, *options)
        job.wait_for_more(1000)
        return job

    def assert_same(self, shown, wanted):
        """As assertEqual(), which takes minutes to compare what differs in a million lines."""
        at = next((i for i, (a, b) in enumerate(zip(shown, wanted)) if a != b), min(len(shown), len(wanted)))
        self.assertEqual((shown[at:at + 3], len(shown)), (wanted[at:at + 3], len(wanted)))

    def assert_kept(self, job, wanted):
        """At once, with what is in the runtime directory, and later, with the journal alone."""
        self.assert_same(job.lines(), wanted)
        job.forget()
        self.assert_same(job.lines(), wanted)
        self.assert_readable()

    def assert_readable(self):
        root("journal-sync")
        shown = run("journalctl", "--user", "--quiet", "--output=cat", *self.journal.since, "--unit=bgjob-*")
        self.assertNotIn("blob data", shown.stdout)


class Interrupted(JournaldTest):
    """Twice a test: journald itself may not be started more often than five times in ten seconds."""

    def check(self, action):
        jobs = [self.slow(), self.flood()]
        for _ in range(2):
            root(action)
            for job in jobs:
                job.wait_for_more(10)
        for job in jobs:
            self.assert_kept(job, job.finish())

    def test_restart(self):
        self.check("journald-restart")

    def test_kill(self):
        self.check("journald-kill")

    def test_rotate(self):
        self.check("journal-rotate")


class Stopped(JournaldTest):
    """journald does nothing for a while, as on a disk that hangs."""

    def test_slow_job_goes_on_and_can_be_read(self):
        job = self.slow()
        root("journald-stop")
        follower = spawn("sdbg", "logs", "--follow", "--lines=0", job.name)
        until = time.monotonic() + STOPPED_SECONDS
        while time.monotonic() < until:
            self.assertRegex(follower.stdout.readline(), rb"line \d+\n")
        shown = job.lines()
        self.assertEqual(shown, job.first_lines(len(shown)))
        root("journald-cont")
        job.wait_for_more(10)
        self.assert_kept(job, job.finish())

    def test_flood_is_held_back_in_bounded_memory(self):
        job = self.flood("--memory-max=4G")
        root("journald-stop")
        begin = job.status()["bytes"]
        wait_until(lambda: job.status()["bytes"] > begin + RING / 2, timeout=60)
        # No event tells that a job has been waiting for long.
        time.sleep(STOPPED_SECONDS)
        peak = re.search(r"VmHWM:\s*(\d+) kB", pathlib.Path(f"/proc/{job.supervisor()}/status").read_text())
        self.assertLess(int(peak[1]), 32 << 10)
        self.assertLess(job.status()["bytes"], begin + 4 * RING)
        root("journald-cont")
        job.wait_for_more(100_000)
        self.assert_kept(job, job.finish())

    def test_job_that_ends_meanwhile(self):
        job = self.slow()
        root("journald-stop")
        job.wait_for_more(10)
        wanted = job.finish()
        self.assertEqual(job.lines(), wanted)
        self.assertEqual(job.status()["result"], "success")
        root("journald-cont")
        self.assert_kept(job, wanted)


class Supervisor(JournaldTest):
    def kill(self, job):
        """Return: how many lines the supervisor had taken in when it died."""
        supervisor = job.supervisor()
        os.kill(supervisor, signal.SIGSTOP)
        wait_until(lambda: pathlib.Path(f"/proc/{supervisor}/stat").read_text().split()[2] == "T")
        taken = job.status()["lines"]
        os.kill(supervisor, signal.SIGKILL)
        return taken

    def assert_taken(self, job, taken):
        """Of the last line, the job may have printed only the beginning."""
        shown = job.lines()
        self.assertGreaterEqual(len(shown), taken)
        wanted = job.first_lines(len(shown))
        self.assert_same(shown[:-1], wanted[:-1])
        self.assertTrue(wanted[-1].startswith(shown[-1]))

    def check_killed(self, job):
        taken = self.kill(job)
        sdbg("wait", job.name, exits=None)
        self.assertEqual(job.status()["result"], "lost")
        self.assert_taken(job, taken)
        job.forget()
        self.assert_taken(job, taken)
        self.assertIn("exit", [e.get("SDBG_EVENT") for e in self.journal.of_job(job.name)])

    def test_killed_beside_a_flood(self):
        self.check_killed(self.flood())

    def test_killed_while_the_job_is_slow(self):
        self.check_killed(self.slow())

    def test_killed_while_journald_does_not_listen(self):
        job = self.slow()
        root("journald-stop")
        job.wait_for_more(20)
        taken = self.kill(job)
        self.assert_taken(job, taken)
        root("journald-cont")
        job.forget()
        self.assert_taken(job, taken)


class Vacuum(JournaldTest):
    def test_is_shown_as_a_gap(self):
        job = self.flood()
        job.wait_for_more(2 * RING // len(PADDING))
        root("journal-vacuum")
        job.wait_for_more(10)
        wanted = job.finish()
        self.assert_gap(job, wanted)
        job.forget()
        self.assert_gap(job, wanted)

    def assert_gap(self, job, wanted):
        first, *rest = job.lines()
        missing, reason = GAP.fullmatch(first).groups()
        self.assertEqual(reason, "vacuumed")
        self.assert_same(rest, wanted[int(missing.replace(",", "")):])


class WithFullDisk(JournaldTest):
    """Come last: the journal stays on a small disk."""

    def test_and_slow_job(self):
        job = self.slow()
        root("fill-journal-disk")
        job.wait_for_more(100)
        self.assertEqual(len(job.lines("--lines=20")), 20)
        root("free-journal-disk")
        job.wait_for_more(10)
        self.assert_kept(job, job.finish())

    def test_and_flood(self):
        root("fill-journal-disk")
        job = self.flood()
        wait_until(lambda: job.status()["bytes"] > RING / 2, timeout=60)
        root("free-journal-disk")
        job.wait_for_more(100_000)
        self.assert_kept(job, job.finish())


if __name__ == "__main__":
    harness.main()
