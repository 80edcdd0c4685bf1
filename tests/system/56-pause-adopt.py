#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pausing jobs, and taking in processes that run already."""

import json
import os
import pathlib

import harness
from harness import alive, sdbg, spawn, unique_name, wait_until


class PauseTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.ticks = self.directory / "ticks"

    def start_ticking(self, *options):
        """A job whose child writes all the time."""
        job = self.start(*options, "-c", f"setsid sh -c 'while :; do echo x >> {self.ticks}; sleep 0.01; done' & sleep 1000")
        wait_until(self.ticks.exists)
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


class AdoptTest(PauseTest):
    def scope(self):
        return f"bgjob-{self.name}.scope"

    def pids(self):
        return sorted(harness.cgroup_pids(harness.unit_cgroup(self.scope())))

    def spawn_tree(self):
        """A process with children in sessions of their own. Return: it."""
        child = spawn("sh", "-c", "setsid sh -c 'sleep 1000 & wait' & setsid sleep 1000 & echo up; wait")
        child.stdout.readline()
        wait_until(lambda: len(self.marked()) == 4)
        return child

    def marked(self):
        return [pid for pid in harness.marked(harness.MARKER, os.environ[harness.MARKER]) if harness.command_line(pid)[:1] in (["sh"], ["sleep"])]

    def adopt(self, pid, *options, **kwargs):
        return sdbg("adopt", str(pid), "--name", self.name, *options, json=True, **kwargs).json


class Adopt(AdoptTest):
    def test_whole_tree(self):
        child = self.spawn_tree()
        job = self.adopt(child.pid, "--label", "a=b")
        self.assertEqual((job["name"], job["unit"], job["pid"], job["state"]), (self.name, self.scope(), child.pid, "running"))
        self.assertEqual((job["labels"], job["cwd"], job["exit_code"]), ({"a": "b"}, os.getcwd(), None))
        self.assertRegex(job["command"], "^sh -c ")
        self.assertRegex(job["started_at"], r"^\d{4}-")
        self.assertEqual(self.pids(), sorted(self.marked()))
        self.assertEqual(harness.unit_properties(self.scope(), "Slice"), {"Slice": "bgjob.slice"})
        listed = sdbg("list", json=True).json
        self.assertEqual([(j["name"], j["state"], j["pid"]) for j in listed], [(self.name, "running", child.pid)])
        shown = sdbg("status", self.name).stdout
        for pid in self.pids():
            self.assertRegex(shown, rf"(?m)^ +{pid} ")

    def test_tree_that_grows(self):
        child = spawn("sh", "-c", f"while :; do grep ^0:: /proc/self/cgroup >> {self.ticks}; done")
        wait_until(self.ticks.exists)
        self.adopt(child.pid)
        before = len(self.ticks.read_text().splitlines())
        later = wait_until(lambda: len(lines := self.ticks.read_text().splitlines()) > before + 5 and lines[before + 1:-1])
        self.assertEqual([line for line in later if not line.endswith(f"/{self.scope()}")], [])

    def test_says_what_cannot_be_had(self):
        child = spawn("sleep", "1000")
        shown = sdbg("adopt", "-n", self.name, str(child.pid)).stdout
        self.assertEqual(shown, f"{self.name}: running, PID {child.pid}, 1 process taken in; what it prints and its exit code cannot be had\n")

    def test_stop(self):
        child = self.spawn_tree()
        self.adopt(child.pid)
        pids = self.pids()
        (job,) = sdbg("stop", self.name, json=True).json
        child.wait(timeout=10)
        self.assertFalse(any(map(alive, pids)))
        self.assertEqual((job["state"], job["result"]), ("exited", "stopped"))
        self.assertRegex(job["reason"], rf"^stopped by PID {os.getpid()} \(.*\), 4 processes ended$")
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(self.status()["reason"], job["reason"])
        self.assertEqual([json.loads(e["SDBG_RECORD"])["result"] for e in self.journal.of_job(self.name, "SDBG_EVENT=exit")], ["stopped"])
        sdbg("clean")
        self.assertEqual(self.status()["reason"], job["reason"])

    def test_stop_of_one_that_does_not_want(self):
        child = spawn("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
        child.stdout.readline()
        self.adopt(child.pid)
        (job,) = sdbg("stop", "--timeout=300ms", self.name, json=True).json
        child.wait(timeout=10)
        self.assertIn("some of them killed", job["reason"])
        self.assertEqual(harness.job_units(), [])

    def test_end_is_noticed(self):
        child = spawn("sh", "-c", "read line; exit 3")
        self.adopt(child.pid)
        waiter = spawn("sdbg", "wait", self.name)
        child.stdin.close()
        child.stdin = None
        self.assertEqual(waiter.wait(timeout=10), 125)
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["exit_code"]), ("exited", None, None))
        self.assertIn("not known of an adopted process", job["reason"])
        self.assertEqual(sdbg("list", json=True).json, [])
        self.assertEqual(len(self.journal.of_job(self.name, "SDBG_EVENT=exit")), 1)

    def test_children_that_remain(self):
        child = self.spawn_tree()
        self.adopt(child.pid)
        child.kill()
        child.wait()
        self.assertEqual(self.status()["state"], "lingering")
        sdbg("wait", "--timeout=10", self.name, exits=125)
        self.assertIn("3 processes", sdbg("kill", self.name).stdout)
        wait_until(lambda: not self.marked())
        self.assertEqual(self.status()["state"], "exited")

    def test_pause_and_stop(self):
        child = self.spawn_tree()
        self.adopt(child.pid)
        for verb, state in (("pause", "paused"), ("resume", "running"), ("pause", "paused")):
            (job,) = sdbg(verb, self.name, json=True).json
            self.assertEqual((job["state"], self.status()["state"]), (state, state))
        sdbg("stop", self.name)
        child.wait(timeout=10)
        self.assertEqual(self.marked(), [])

    def test_kill(self):
        child = self.spawn_tree()
        self.adopt(child.pid)
        self.assertIn("1 process ", sdbg("kill", "-s", "CONT", self.name).stdout)
        self.assertIn("4 processes", sdbg("kill", "-s", "KILL", "--whole-tree", self.name).stdout)
        child.wait(timeout=10)
        wait_until(lambda: self.status()["state"] == "exited")

    def test_name_from_the_command(self):
        children = [spawn("sleep", "1000") for _ in range(2)]
        names = [sdbg("adopt", str(child.pid), json=True).json["name"] for child in children]
        self.assertEqual(names, ["sleep-1000", "sleep-1000-2"])

    def test_name_is_held_and_free_again(self):
        child = spawn("sleep", "1000")
        self.adopt(child.pid)
        sdbg("start", "--name", self.name, "true", exits=4)
        sdbg("restart", self.name, exits=1)
        sdbg("start", "--name", self.name, "--if-running=replace", "sleep", "1001")
        child.wait(timeout=10)
        self.assertEqual(self.status()["unit"], harness.unit_of(self.name))


class AdoptBadInput(AdoptTest):
    def assert_refused(self, pid, text, exits=2):
        with self.subTest(text):
            self.assertIn(text, self.adopt(pid, exits=exits)["error"]["message"])
            self.assertEqual(harness.job_units(), [])

    def test_what_is_no_pid(self):
        for text in ("x", "-1", "0", "", "12x", "99999999999"):
            self.assertEqual(sdbg("adopt", "--", text, json=True, exits=2).json["error"]["code"], "usage")
        sdbg("adopt", exits=2)
        sdbg("adopt", "1", "2", exits=2)

    def test_processes_that_are_not_to_be_moved(self):
        self.assert_refused(1, "PID 1 is")
        self.assert_refused(os.getpid(), "what has called this sdbg")
        for pid in harness.cgroup_pids(harness.CGROUPS / "user.slice" / f"user-{os.getuid()}.slice" / f"user@{os.getuid()}.service/init.scope")[:1]:
            self.assert_refused(pid, "is the service manager")

    def test_gone(self):
        child = spawn("true")
        wait_until(lambda: not alive(child.pid))
        self.assert_refused(child.pid, f"no process {child.pid}")
        child.wait()
        self.assert_refused(child.pid, f"no process {child.pid}")

    def test_another_users(self):
        found = next(int(e.name) for e in pathlib.Path("/proc").glob("[0-9]*") if e.stat().st_uid != os.getuid() and e.name != "1")
        self.assert_refused(found, "belongs to another user")

    def test_in_a_job_already(self):
        other = unique_name()
        job = sdbg("start", "--name", other, "sleep", "1000", json=True).json
        supervisor = int(harness.unit_properties(harness.unit_of(other), "MainPID")["MainPID"])
        for pid in (job["pid"], supervisor):
            self.assertIn(f"is in job '{other}' already", self.adopt(pid, exits=4)["error"]["message"])
        child = spawn("sleep", "1000")
        self.adopt(child.pid)
        self.assertIn(f"is in job '{self.name}' already", self.adopt(child.pid, exits=4)["error"]["message"])

    def test_name_that_runs(self):
        sdbg("start", "--name", self.name, "sleep", "1000")
        child = spawn("sleep", "1000")
        self.assertEqual(self.adopt(child.pid, exits=4)["error"]["code"], "job-running")
        self.assertEqual(self.status()["unit"], harness.unit_of(self.name))


if __name__ == "__main__":
    harness.main()
