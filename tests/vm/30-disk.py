#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small file system for the journal, and full: nothing is lost that was not said."""

import re

import harness
from harness import run, sdbg, wait_until

JOURNAL = "/var/log/journal"
DISK = "/var/tmp/journal-disk"
GAP = re.compile(r"… ([\d,]+) lines left out \(.+\) …")
LINES = 1_500_000  # more than the ring holds


def root_script(script):
    run("sudo", "sh", "-ec", script)


class Full(harness.JobTest):
    timeout = 300

    def setUp(self):
        super().setUp()
        self.addCleanup(root_script, f"umount --lazy {JOURNAL}; rm -f {DISK}; systemctl restart systemd-journald")
        root_script(f"""
            journalctl --quiet --rotate --vacuum-size=1
            truncate -s 60M {DISK}
            mkfs.ext4 -q {DISK}
            mount -o loop {DISK} /mnt
            cp --archive {JOURNAL}/. /mnt
            umount /mnt
            mount -o loop {DISK} {JOURNAL}
            systemctl restart systemd-journald""")
        self.journal = harness.Journal()

    def start_flood(self):
        sdbg("start", "--name", self.name, "--settle=0", "--no-wait", "seq", LINES)

    def accounted(self):
        """Return: how many lines are shown, and how many are said to be missing; those shown must fit."""
        shown = missing = 0
        for line in sdbg("logs", "--all", self.name, timeout=100).stdout.splitlines():
            gap = GAP.fullmatch(line)
            if gap:
                missing += int(gap[1].replace(",", ""))
            else:
                shown += 1
                self.assertEqual(int(line), shown + missing)
        return shown, missing

    def test_for_a_while(self):
        harness.root("fill-journal-disk")
        self.start_flood()
        wait_until(lambda: self.status()["lines"] > LINES // 10, 60)
        harness.root("free-journal-disk")
        sdbg("wait", self.name, timeout=200)
        self.assertEqual(self.accounted(), (LINES, 0))

    def test_to_the_end(self):
        harness.root("fill-journal-disk")
        self.start_flood()
        sdbg("wait", self.name, timeout=200)
        shown, missing = self.accounted()
        self.assertEqual(shown + missing, LINES)
        self.assertEqual(self.status()["exit_code"], 0)


if __name__ == "__main__":
    harness.main()
