#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs that are started again when they end: counts, delays, the last of them, and stopping in between."""

import json
import pathlib

import harness
from harness import alive, sdbg, spawn, unique_name, wait_until


class RestartTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.runs = self.directory / "runs"
        self.runs.touch()

    def start(self, script, *options):
        """A job that adds a line to self.runs in each run, then does what the script says."""
        return sdbg("start", "--name", self.name, "--settle=0", "--restart-delay=100ms", *options, "-c",
                    f"echo run >> {self.runs}; {script}", json=True).json

    def count(self):
        return len(self.runs.read_text().splitlines())

    def records(self, event):
        return [json.loads(entry["SDBG_RECORD"]) for entry in self.journal.of_job(self.name, f"SDBG_EVENT={event}")]

    def in_delay(self):
        return wait_until(lambda: (job := self.status())["state"] == "restarting" and job)


class Policies(RestartTest):
    def test_on_failure_until_success(self):
        self.start(f"[ $(wc -l < {self.runs}) = 3 ]", "--restart=on-failure")
        (job,) = sdbg("wait", "--timeout=30", self.name, json=True).json
        self.assertEqual((job["result"], job["restarts"], job["reason"]), ("success", 2, "exited with code 0, after 2 restarts"))
        self.assertEqual(self.count(), 3)

    def test_most(self):
        self.start("exit 7", "--restart=on-failure", "--restart-max=3")
        sdbg("wait", "--timeout=30", self.name, exits=7)
        self.assertEqual(self.count(), 4)
        wait_until(lambda: not harness.job_units())
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["restarts"]), ("failed", "exit-code", 3))
        self.assertEqual(job["reason"], "exited with code 7, after 3 restarts, the most that it may have")
        restarts = self.records("restart")
        self.assertEqual([r["restarts"] for r in restarts], [1, 2, 3])
        self.assertEqual({(r["state"], r["result"], r["exit_code"]) for r in restarts}, {("restarting", "exit-code", 7)})
        self.assertEqual(len(self.records("start")), 4)
        self.assertEqual(len({r["pid"] for r in self.records("start")}), 4)
        (end,) = self.records("exit")
        self.assertEqual((end["reason"], end["restarts"]), (job["reason"], 3))

    def test_success_is_the_end_of_on_failure(self):
        self.start("true", "--restart=on-failure")
        sdbg("wait", "--timeout=30", self.name)
        self.assertEqual((self.count(), self.status()["restarts"]), (1, 0))

    def test_always(self):
        self.start("true", "--restart=always", "--restart-max=2")
        sdbg("wait", "--timeout=30", self.name)
        self.assertEqual((self.count(), self.status()["result"]), (3, "success"))

    def test_signal_and_timeout_are_failures(self):
        self.start("kill -SEGV $$", "--restart=on-failure", "--restart-max=1")
        sdbg("wait", "--timeout=30", self.name, exits=139)
        self.assertEqual(self.count(), 2)
        self.name = unique_name()
        self.start("exec sleep 1000", "--restart=on-failure", "--restart-max=1", "--timeout=300ms")
        (job,) = sdbg("wait", "--timeout=30", self.name, json=True, exits=143).json
        self.assertEqual((self.count(), job["result"], job["restarts"]), (4, "timeout", 1))

    def test_command_that_vanishes(self):
        command = self.runs.with_name("command")
        command.write_text(f"#!/bin/sh\necho run >> {self.runs}\nrm {command}\nexit 3\n")
        command.chmod(0o755)
        sdbg("start", "--name", self.name, "--settle=0", "--restart=on-failure", "--restart-delay=100ms", "--restart-max=2", command)
        (job,) = sdbg("wait", "--timeout=30", self.name, json=True, exits=127).json
        self.assertEqual((job["result"], job["restarts"], self.count()), ("exec-failed", 2, 1))

    def test_leftovers_do_not_meet_the_next_run(self):
        self.start("setsid sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' & echo $! >> $0.pids; exit 1".replace("$0", str(self.runs)),
                   "--restart=on-failure", "--restart-max=1", "--stop-timeout=200ms")
        sdbg("wait", "--timeout=30", self.name, exits=1)
        pids = [int(pid) for pid in pathlib.Path(f"{self.runs}.pids").read_text().split()]
        self.assertEqual(list(map(alive, pids)), [False, True])  # what the last one left is lingering
        self.assertEqual(self.status()["state"], "lingering")

    def test_output_of_all_runs(self):
        self.start(f"wc -l < {self.runs}; echo error >&2; exit 1", "--restart=on-failure", "--restart-max=4")
        sdbg("wait", "--timeout=30", self.name, exits=1)
        self.assertEqual(sdbg("logs", "--stream=stdout", self.name).stdout, "1\n2\n3\n4\n5\n")
        self.assertEqual(self.status()["lines"], 10)

    def test_follower_stays(self):
        self.start(f"wc -l < {self.runs}; exit 1", "--restart=on-failure", "--restart-max=3")
        follower = spawn("sdbg", "logs", "-f", self.name)
        self.assertEqual(follower.communicate(timeout=30)[0], b"1\n2\n3\n4\n")


class Delays(RestartTest):
    def test_delay_is_doubled(self):
        self.start("exit 1", "--restart=on-failure", "--restart-max=4")
        sdbg("wait", "--timeout=30", self.name, exits=1)
        messages = [entry["MESSAGE"] for entry in self.journal.of_job(self.name, "SDBG_EVENT=restart")]
        self.assertEqual([m.rpartition(" in ")[2] for m in messages], ["100ms", "200ms", "400ms", "800ms"])

    def test_delay_after_success_is_not(self):
        self.start("true", "--restart=always", "--restart-max=3")
        sdbg("wait", "--timeout=30", self.name)
        messages = [entry["MESSAGE"] for entry in self.journal.of_job(self.name, "SDBG_EVENT=restart")]
        self.assertEqual([m.rpartition(" in ")[2] for m in messages], ["100ms"] * 3)

    def test_state_in_the_delay(self):
        self.start("exit 5", "--restart=on-failure", "--restart-delay=1h")
        job = self.in_delay()
        self.assertEqual((job["result"], job["exit_code"], job["pid"], job["restarts"]), ("exit-code", 5, None, 1))
        self.assertIn("restarting", sdbg("list").stdout)

    def test_stop_in_the_delay(self):
        self.start("exit 5", "--restart=on-failure", "--restart-delay=1h")
        self.in_delay()
        sdbg("stop", self.name)
        self.assertEqual(harness.job_units(), [])
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["restarts"]), ("exited", "stopped", 0))
        self.assertRegex(job["reason"], r"^stopped by PID \d+ \(.*\) before it was restarted; the last run exited with code 5$")
        (end,) = self.records("exit")
        self.assertEqual(end["reason"], job["reason"])
        self.assertEqual(self.count(), 1)

    def test_start_in_the_delay(self):
        self.start("exit 5", "--restart=on-failure", "--restart-delay=1h")
        self.in_delay()
        error = sdbg("start", "--name", self.name, "true", json=True, exits=4).json["error"]
        self.assertIn("restarting", error["message"])
        self.assertEqual(sdbg("start", "--name", self.name, "--if-running=reuse", "true", json=True).json["state"], "restarting")
        sdbg("start", "--name", self.name, "--if-running=replace", "-c", "exec sleep 1000")
        self.assertEqual(self.status()["state"], "running")

    def test_restart_in_the_delay(self):
        self.start("exit 5", "--restart=on-failure", "--restart-delay=1h")
        self.in_delay()
        sdbg("restart", "--settle=0", self.name)
        wait_until(lambda: self.count() == 2)
        self.assertEqual(self.in_delay()["restarts"], 1)

    def test_stop_of_a_run(self):
        self.start("exec sleep 1000", "--restart=always")
        sdbg("stop", self.name)
        self.assertEqual((self.status()["result"], self.count()), ("stopped", 1))
        self.assertEqual(harness.job_units(), [])

    def test_supervisor_sleeps_in_the_delay(self):
        self.start("exit 5", "--restart=on-failure", "--restart-delay=1h")
        self.in_delay()
        pid = int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])
        before = pathlib.Path(f"/proc/{pid}/stat").read_text().split()[13:15]
        sdbg("wait", "--timeout=500ms", self.name, exits=124)
        self.assertEqual(pathlib.Path(f"/proc/{pid}/stat").read_text().split()[13:15], before)


class Flapping(RestartTest):
    def test_nothing_is_leaked(self):
        self.start("echo $$; exit 1", "--restart=on-failure")
        pid = int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])
        descriptors = pathlib.Path(f"/proc/{pid}/fd")

        def in_delay_after(runs):
            return self.count() >= runs and self.status()["state"] == "restarting"

        wait_until(lambda: in_delay_after(2))
        before = len(list(descriptors.iterdir()))
        wait_until(lambda: in_delay_after(5), timeout=30)
        self.assertEqual(len(list(descriptors.iterdir())), before)
        self.assertEqual(self.status()["restarts"], self.count())


class BadInput(RestartTest):
    def test_values(self):
        for options in (["--restart=sometimes"], ["--restart=always", "--restart-max=0"], ["--restart=always", "--restart-max=-1"],
                        ["--restart=always", "--restart-delay=0"], ["--restart=always", "--restart-max=x"],
                        ["--restart-max=3"], ["--restart-delay=3"], ["--restart=no", "--restart-max=3"]):
            with self.subTest(options):
                error = sdbg("start", *options, "true", json=True, exits=2).json["error"]
                self.assertIn("--restart", error["message"])


if __name__ == "__main__":
    harness.main()
