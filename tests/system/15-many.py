#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many jobs, at once and one after the other: all right, and nothing adds up."""

import json
import os
import pathlib

import harness
from harness import RUNTIME, sdbg, spawn, unique_name, wait_until

FILES = {"lock", "spec.json", "state.json"}  # of an ended job; in use there is a ring, too


class ManyTest(harness.SystemTest):
    timeout = 300

    def manager_pid(self):
        (pid,) = [p for p in map(int, filter(str.isdigit, os.listdir("/proc")))
                  if self.is_manager(p)]
        return pid

    def is_manager(self, pid):
        try:
            return harness.command_line(pid)[1:] == ["--user"] and os.stat(f"/proc/{pid}").st_uid == os.geteuid()
        except OSError:
            return False

    def descriptors(self):
        """Of the user manager; of nothing else that stays is it known that it could hold some of ours."""
        return len(os.listdir(f"/proc/{self.manager_pid()}/fd"))

    def assert_no_leak(self):
        wait_until(lambda: not harness.job_units(), timeout=60)
        self.assertEqual(harness.job_cgroups(), [])
        self.assertEqual([d for d in harness.CGROUPS.rglob("bgjob-*") if d.is_dir()], [])
        files = {file.name for file in (RUNTIME / "sdbg/jobs").glob("*/*")}
        self.assertLessEqual(files, FILES | {"stop-timeout", "stopped-by"})
        self.assertEqual({f.name for f in (RUNTIME / "sdbg").iterdir()}, {"jobs", "journal-checked"})
        self.assertEqual(list((RUNTIME / "systemd/transient").glob("bgjob-*")), [])
        sdbg("clean")
        self.assertEqual(list((RUNTIME / "sdbg/jobs").iterdir()), [])


class Many(ManyTest):
    def test_200_at_once(self):
        prefix = unique_name("m")
        names = sorted(f"{prefix}-{i}" for i in range(200))
        starts = {name: spawn("sdbg", "--json", "start", "--settle=0", "--name", name, "-c", f"echo I am {name}; exec sleep 1000")
                  for name in names}
        for name, child in starts.items():
            out, error = child.communicate()
            self.assertEqual((child.returncode, error), (0, b""), name)
            self.assertEqual(json.loads(out)["name"], name)
        jobs = sdbg("list", json=True).json
        self.assertEqual([job["name"] for job in jobs], names)
        self.assertEqual(len({job["pid"] for job in jobs}), 200)
        wait_until(lambda: all(j["lines"] == 1 for j in sdbg("list", json=True).json))
        for name in names[::20]:
            self.assertEqual(sdbg("logs", name).stdout, f"I am {name}\n")
        lines = sdbg("logs", f"{prefix}-*").stdout.splitlines()
        self.assertEqual(sorted(lines), sorted(f"{name} | I am {name}" for name in names))
        stopped = sdbg("stop", f"{prefix}-*", json=True, timeout=120).json
        self.assertEqual(sorted(job["name"] for job in stopped), names)
        self.assertEqual({job["result"] for job in stopped}, {"stopped"})
        self.assertEqual(sdbg("list", json=True).json, [])
        ended = [job["name"] for job in sdbg("list", "-a", json=True).json]
        self.assertEqual(sorted(set(ended) & set(names)), names)
        self.assert_no_leak()

    def test_200_that_end_at_once(self):
        prefix = unique_name("m")
        names = [f"{prefix}-{i}" for i in range(200)]
        for name in names:
            spawn("sdbg", "start", "--quiet", "--settle=0", "--name", name, "-c", f"sleep 0.2; echo {name}; exit 3")
        wait_until(lambda: len(self.journal.entries("SDBG=1", "SDBG_EVENT=exit")) == 200, timeout=60)
        for entry in self.journal.entries("SDBG=1", "SDBG_STREAM=stdout"):
            self.assertEqual(entry["MESSAGE"], entry["SDBG_JOB"])
            names.remove(entry["MESSAGE"])
        self.assertEqual(names, [])
        self.assert_no_leak()

    def test_500_one_after_the_other(self):
        name = unique_name("m")
        before = None
        for i in range(500):
            sdbg("start", "--quiet", "--settle=0", "--name", name, "sleep", "1000")
            sdbg("stop", "--quiet", name)
            if i == 20:
                wait_until(lambda: not harness.job_units())
                before = self.descriptors()
        wait_until(lambda: self.descriptors() <= before + 2, what="as few descriptors as before")
        self.assert_no_leak()
        entries = self.journal.of_job(name, "SDBG_EVENT=exit")
        self.assertEqual(len({entry["SDBG_RUN"] for entry in entries}), 500)

    def test_descriptors_of_a_supervisor(self):
        name = unique_name("m")
        sdbg("start", "--name", name, "-c", "while :; do echo x; echo y >&2; done")
        supervisor = int(harness.unit_properties(harness.unit_of(name), "MainPID")["MainPID"])
        # Another user could not look; a supervisor is no setuid program, so this one can.
        files = pathlib.Path(f"/proc/{supervisor}/fd")
        wait_until(lambda: sdbg("status", name, json=True).json[0]["lines"] > 1000)
        first = len(list(files.iterdir()))
        for _ in range(20):
            sdbg("logs", "-n1", name)
            sdbg("status", name)
        self.assertLessEqual(len(list(files.iterdir())), first + 2)
        sdbg("stop", name)


if __name__ == "__main__":
    harness.main()
