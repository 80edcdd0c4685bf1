#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# bed: --volatile
"""Where the journal is in memory alone, its user's entries are not the user's to read: sdbg has other ways."""

import harness
from harness import run, sdbg, wait_until


class UnreadableJournal:
    @staticmethod
    def text(lines):
        return ""


class Volatile(harness.JobTest):
    def start(self, script):
        """It may have failed by then."""
        sdbg("start", "--name", self.name, "--settle=0", "-c", script, exits=None)

    def print_to_end(self, script):
        """Returns when also the unit is gone, and all that is done for a job has been done."""
        self.start(script)
        sdbg("wait", self.name, exits=None)
        wait_until(lambda: not harness.job_units(), timeout=30)

    def lines(self, *options):
        return sdbg("logs", *options, self.name).stdout.splitlines()

    def test_journal_cannot_be_read(self):
        """Else the other tests show nothing."""
        self.print_to_end("echo line")
        self.assertEqual(run("journalctl", "--user", "--quiet", "--output=cat", exits=None).stdout, "")

    def test_logs_of_running_job(self):
        self.start("echo line 1; echo line 2; exec sleep 1000")
        wait_until(lambda: self.lines() == ["line 1", "line 2"])

    def test_logs_of_ended_job(self):
        self.print_to_end("echo line 1; echo line 2 >&2; exit 3")
        self.assertEqual(sorted(self.lines("--all")), ["line 1", "line 2"])
        self.assertEqual(self.lines("--stream=stderr"), ["line 2"])

    def test_logs_are_followed(self):
        self.start("for i in 1 2 3; do echo line $i; sleep 0.2; done")
        self.assertEqual(self.lines("--follow", "--all"), ["line 1", "line 2", "line 3"])

    def test_flood_keeps_its_end(self):
        self.print_to_end("seq 2000000")
        gap, *shown = self.lines("--all")
        self.assertRegex(gap, r"^… [\d,]+ lines left out \(.+\) …$")
        self.assertEqual(int(gap.split()[1].replace(",", "")) + len(shown), 2_000_000)
        self.assertTrue(shown == [str(number) for number in range(2_000_001 - len(shown), 2_000_001)])
        self.assertGreater(sum(map(len, shown)), 1 << 20)

    def test_status_and_list_of_ended_jobs(self):
        self.print_to_end("exit 3")
        wanted = ["failed", "exit-code", 3]
        status = sdbg("status", self.name, json=True).json[0]
        self.assertEqual([status[field] for field in ("state", "result", "exit_code")], wanted)
        listed = {job["name"]: job for job in sdbg("list", "-a", json=True).json}
        self.assertEqual([listed[self.name][field] for field in ("state", "result", "exit_code")], wanted)

    def test_wait_gives_the_exit_code(self):
        self.print_to_end("exit 3")
        sdbg("wait", self.name, exits=3)

    def test_doctor_warns_and_has_a_remedy(self):
        shown = sdbg("doctor", exits=None).stdout
        checks = [line for line in shown.splitlines() if "journal" in line]
        self.assertRegex("\n".join(checks), r"warn|fail")
        self.assertIn("/var/log/journal", shown)

    def test_start_says_so(self):
        said = sdbg("start", "--name", self.name, "true").stderr
        self.assertRegex(said, "journal")


if __name__ == "__main__":
    harness.Journal = UnreadableJournal
    harness.main()
