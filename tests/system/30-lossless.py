#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""However much a job prints, and whatever bytes: `sdbg logs` gives all of it back."""

import hashlib
import random
import string

import harness
from harness import run, sdbg, unique_name, wait_until

UNCAPPED = "--output-max=2G"


def cksum(*command):
    """Of what a command prints, which may be more than one likes to hold."""
    return run("bash", "-o", "pipefail", "-c", '"$@" | cksum', "cksum", *command).stdout


def cksum_of_logs(name, *options):
    return cksum("sdbg", "logs", "--all", *options, name)


class LosslessTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.assert_readable)

    def assert_readable(self):
        """By journalctl, without its --all."""
        harness.root("journal-sync")
        shown = run("bash", "-o", "pipefail", "-c", '"$@" | { grep -m 5 "blob data" || true; }', "grep",
                    "journalctl", "--user", "--quiet", "--no-pager", "--unit=bgjob-*", *self.journal.since)
        self.assertEqual(shown.stdout, "")

    def start(self, *command, name=None):
        sdbg("start", "--name", name or self.name, "--settle=0", UNCAPPED, "--", *command)

    def print_to_end(self, *command):
        self.start(*command)
        sdbg("wait", self.name)

    def forget(self):
        """From now on there is only the journal."""
        wait_until(lambda: not harness.job_units(), timeout=30)
        sdbg("clean", self.name)


class Flood(LosslessTest):
    def test_ten_million_lines(self):
        self.print_to_end("seq", "1", "10000000")
        wanted = cksum("seq", "1", "10000000")
        self.assertEqual(cksum_of_logs(self.name), wanted)
        self.forget()
        self.assertEqual(cksum_of_logs(self.name), wanted)

    def test_eight_jobs_at_once(self):
        jobs = [unique_name() for _ in range(8)]
        for number, job in enumerate(jobs):
            self.start("seq", f"{number}000001", f"{number + 1}000000", name=job)
        for job in jobs:
            sdbg("wait", job)
        for number, job in enumerate(jobs):
            with self.subTest(job):
                wanted = cksum("seq", f"{number}000001", f"{number + 1}000000")
                self.assertEqual(cksum_of_logs(job), wanted)

    def test_neighbours_of_a_flood_keep_their_lines(self):
        """journald's rate limit is one for all services of a user: a job must not use it up."""
        self.start("sh", "-c", "while :; do echo flood; done")
        for number in range(100):
            run("systemd-run", "--user", "--quiet", "--wait", "--pipe", "systemd-cat", "--identifier=neighbour",
                "echo", f"line {number}")
        found = self.journal.entries("SYSLOG_IDENTIFIER=neighbour")
        self.assertEqual([e["MESSAGE"] for e in found], [f"line {number}" for number in range(100)])


class Bytes(LosslessTest):
    def check(self, chunks):
        """Prints the chunks in a job; what it printed comes back, at once and from the journal."""
        printed = hashlib.sha256()
        file = self.directory / "data"
        with file.open("wb") as stream:
            for chunk in chunks:
                printed.update(chunk)
                stream.write(chunk)
        self.print_to_end("cat", file)
        self.assertEqual(self.digest_of_logs(), printed.hexdigest())
        self.forget()
        self.assertEqual(self.digest_of_logs(), printed.hexdigest())

    def digest_of_logs(self):
        return hashlib.sha256(sdbg("logs", "--raw", "--all", self.name).raw).hexdigest()

    def test_200_megabytes_of_printable_lines(self):
        source = random.Random(1)
        letters = string.ascii_letters + string.digits + string.punctuation + " "
        text = "".join(source.choices(letters, k=1 << 20)).encode()

        def lines(left=200_000_000):
            while left > 0:
                length = min(source.randint(1, 5000), left)
                start = source.randrange(len(text) - length)
                yield text[start:start + length - 1] + b"\n"
                left -= length

        self.check(lines())

    def test_20_megabytes_of_random_bytes(self):
        source = random.Random(2)
        self.check(source.randbytes(1_000_000) for _ in range(20))


class Streams(LosslessTest):
    LINES = 200_000

    def test_of_an_interleaved_writer_are_each_complete_and_in_order(self):
        writer = f"""if True:
            import os
            for number in range({self.LINES}):
                os.write(1, b"out %d\\n" % number)
                os.write(2, b"err %d\\n" % number)
        """
        self.print_to_end("python3", "-c", writer)
        both = sdbg("logs", "--all", self.name).stdout.splitlines()
        for stream, word in (("stdout", "out"), ("stderr", "err")):
            wanted = [f"{word} {number}" for number in range(self.LINES)]
            with self.subTest(stream):
                self.assertTrue(sdbg("logs", "--all", "--stream", stream, self.name).stdout.splitlines() == wanted)
                self.assertTrue([line for line in both if line.startswith(word)] == wanted)
        self.assertEqual(len(both), 2 * self.LINES)


if __name__ == "__main__":
    harness.main()
