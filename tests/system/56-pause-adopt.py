#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pausing jobs, and taking in processes that run already."""

import pathlib
import tempfile

import harness
from harness import alive, sdbg, unique_name, wait_until


class PauseTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.name = unique_name()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.ticks = pathlib.Path(directory.name, "ticks")

    def start(self, *arguments):
        return sdbg("start", "--name", self.name, "--settle=0", *arguments, json=True).json

    def start_ticking(self, *options):
        """A job whose child writes all the time."""
        job = self.start(*options, "-c", f"setsid sh -c 'while :; do echo x >> {self.ticks}; sleep 0.01; done' & sleep 1000")
        wait_until(self.ticks.exists)
        return job

    def status(self):
        (job,) = sdbg("status", self.name, json=True).json
        return job

    def assert_frozen(self):
        size = self.ticks.stat().st_size
        sdbg("wait", "--timeout=300ms", self.name, exits=124)
        self.assertEqual(self.ticks.stat().st_size, size)


class Pause(PauseTest):
    def test_whole_tree_stands_still(self):
        self.start_ticking()
        (job,) = sdbg("pause", self.name, json=True).json
        self.assertEqual(job["state"], "paused")
        self.assertEqual(self.status()["state"], "paused")
        self.assertRegex(sdbg("list").stdout, "paused")
        self.assert_frozen()
        (job,) = sdbg("resume", self.name, json=True).json
        self.assertEqual((job["state"], self.status()["state"]), ("running", "running"))
        size = self.ticks.stat().st_size
        wait_until(lambda: self.ticks.stat().st_size > size)

    def test_twice(self):
        self.start("sleep", "1000")
        for verb, state in (("pause", "paused"), ("pause", "paused"), ("resume", "running"), ("resume", "running")):
            self.assertEqual(sdbg(verb, self.name).stdout, f"{self.name}: {state}\n")

    def test_stop_of_a_paused_job(self):
        self.start("-c", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done")
        wait_until(lambda: sdbg("logs", self.name).stdout == "ready\n")
        sdbg("pause", self.name)
        (job,) = sdbg("stop", self.name, json=True).json
        self.assertEqual((job["result"], job["exit_code"]), ("stopped", 0))
        self.assertEqual(sdbg("logs", "--stream=stdout", self.name).stdout, "ready\nbye\n")

    def test_stop_by_systemctl(self):
        self.start_ticking()
        sdbg("pause", self.name)
        harness.systemctl_user("stop", harness.unit_of(self.name))
        self.assertEqual(self.status()["result"], "stopped")

    def test_kill_of_a_paused_job(self):
        self.start_ticking()
        sdbg("pause", self.name)
        sdbg("kill", "-s", "KILL", "--whole-tree", self.name)
        sdbg("wait", "--timeout=10", self.name, exits=137)

    def test_timeout_of_a_paused_job(self):
        self.start_ticking("--timeout=1")
        sdbg("pause", self.name)
        sdbg("wait", "--timeout=10", self.name, exits=143)
        self.assertEqual(self.status()["result"], "timeout")

    def test_paused_is_not_idle(self):
        self.start("--idle-timeout=300ms", "-c", "while :; do echo x; sleep 0.05; done")
        sdbg("pause", self.name)
        sdbg("wait", "--timeout=1", self.name, exits=124)
        sdbg("resume", self.name)
        sdbg("wait", "--timeout=500ms", self.name, exits=124)
        self.assertEqual(self.status()["state"], "running")

    def test_restart_and_replacement(self):
        self.start_ticking()
        sdbg("pause", self.name)
        sdbg("restart", self.name)
        self.assertEqual(self.status()["state"], "running")
        sdbg("pause", self.name)
        sdbg("start", "--name", self.name, "--if-running=replace", "sleep", "1000")
        self.assertEqual(self.status()["state"], "running")

    def test_lingering(self):
        self.start("-c", "setsid sleep 1000 & exit 0")
        wait_until(lambda: self.status()["state"] == "lingering")
        sdbg("pause", self.name)
        self.assertEqual(self.status()["state"], "paused")
        sdbg("resume", self.name)
        self.assertEqual(self.status()["state"], "lingering")

    def test_several(self):
        for name in (first := unique_name("p"), unique_name("p")):
            sdbg("start", "--name", name, "--label", "a=b", "sleep", "1000")
        self.assertEqual({job["state"] for job in sdbg("pause", "--label", "a=b", json=True).json}, {"paused"})
        sdbg("resume", first)
        self.assertEqual(sorted(job["state"] for job in sdbg("list", json=True).json), ["paused", "running"])

    def test_of_no_job(self):
        for verb in ("pause", "resume"):
            sdbg(verb, exits=2)
            sdbg(verb, self.name, exits=3)

    def test_of_an_ended_job(self):
        self.start("true")
        sdbg("wait", self.name)
        for verb in ("pause", "resume"):
            self.assertEqual(sdbg(verb, self.name, json=True, exits=1).json["error"]["code"], "job-not-running")


class WholeTree(PauseTest):
    def test_kill_reaches_all(self):
        self.start("-c", "setsid setsid sleep 1000 & setsid sleep 1000 & exec sleep 1000")
        directory = harness.unit_cgroup(harness.unit_of(self.name)) / "job"
        pids = wait_until(lambda: len(found := harness.cgroup_pids(directory)) == 3 and found)
        sdbg("kill", "-s", "KILL", "--whole-tree", self.name)
        wait_until(lambda: not any(map(alive, pids)))
        sdbg("wait", "--timeout=10", self.name, exits=137)

    def test_kill_of_what_lingers(self):
        self.start("-c", "setsid sleep 1000 & exit 3")
        wait_until(lambda: self.status()["state"] == "lingering")
        sdbg("kill", "--whole-tree", self.name)
        wait_until(lambda: not harness.job_units())
        self.assertEqual((self.status()["result"], self.status()["exit_code"]), ("exit-code", 3))


if __name__ == "__main__":
    harness.main()
