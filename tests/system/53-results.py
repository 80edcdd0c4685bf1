#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every result by a real cause, and the same wherever it is told: status, JSON, record, the exit code of wait."""

import json
import os
import pathlib
import signal

import harness
from harness import sdbg, wait_until


class ResultTest(harness.JobTest):
    def record(self):
        """The journal's only record of the end."""
        (entry,) = self.journal.of_job(self.name, "SDBG_EVENT=exit")
        return json.loads(entry["SDBG_RECORD"])

    def assert_result(self, result, code, reason, **wanted):
        """The job must end like this, and be told so everywhere."""
        waited = sdbg("wait", "--timeout=60", self.name, json=True, exits=code).json[0]
        live = self.status()
        wait_until(lambda: not harness.job_units())
        record = self.record()
        sdbg("clean")
        for job in (waited, live, record, self.status()):
            self.assertEqual(job["result"], result)
            self.assertRegex(job["reason"], reason)
            self.assertEqual({key: job[key] for key in wanted}, wanted)
        self.assertEqual(len({job["reason"] for job in (live, record, self.status())}), 1)
        self.assertIn(result, sdbg("status", self.name).stdout)
        sdbg("wait", self.name, exits=code)


class Results(ResultTest):
    def supervisor(self):
        return int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])

    def start_failing(self, script):
        sdbg("start", "--name", self.name, "--settle=0", "-c", script, exits=None)

    def test_success(self):
        self.start("true")
        self.assert_result("success", 0, "^exited with code 0$", state="exited", exit_code=0, signal=None)

    def test_exit_code(self):
        self.start_failing("exit 42")
        self.assert_result("exit-code", 42, "^exited with code 42$", state="failed", exit_code=42, signal=None)

    def test_signal(self):
        self.start_failing("kill -KILL $$")
        self.assert_result("signal", 137, "^killed by SIGKILL$", state="failed", exit_code=None, signal="SIGKILL")

    def test_core_dump(self):
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()
        sdbg("start", "--name", self.name, "--settle=0", "--cwd", self.directory, "-c", "ulimit -c unlimited; kill -ABRT $$", exits=None)
        if not pattern.startswith("|"):
            self.assert_result("core-dump", 134, r"^killed by SIGABRT \(core dumped\)$", state="failed", exit_code=None, signal="SIGABRT")
        else:  # who takes the core is the machine's, and it is asked whether it did
            sdbg("wait", self.name, exits=134)
            self.assertIn(self.status()["result"], ("core-dump", "signal"))

    def test_exec_failed(self):
        sdbg("start", "--name", self.name, "/no/such/command", exits=5)
        self.assert_result("exec-failed", 127, "^command not found: /no/such/command$", state="failed", exit_code=127)

    def test_lost_with_the_supervisor(self):
        self.start("sleep", "1000")
        os.kill(self.supervisor(), signal.SIGKILL)
        self.assert_result("lost", 125, "^its supervisor was killed by SIGKILL, and the job with it$", state="failed", exit_code=None)

    def test_systemd_oomd(self):
        """It marks the cgroup and kills all in it, the supervisor too."""
        self.start("-c", "sleep 1000 & sleep 1000")
        directory = harness.unit_cgroup(harness.unit_of(self.name))
        os.setxattr(directory, "user.oomd_ooms", b"1")
        for pid in sorted(harness.cgroup_pids(directory)):
            os.kill(pid, signal.SIGKILL)
        self.assert_result("oom-kill", 137, "^killed by systemd-oomd: ", state="failed", exit_code=None)

    def test_timeout(self):
        self.start("--timeout=300ms", "sleep", "1000")
        self.assert_result("timeout", 143, "^ran longer than its timeout of 300ms, 1 process ended$",
                           state="failed", signal="SIGTERM", exit_code=None)

    def test_timeout_that_is_taken_well(self):
        self.start("--timeout=300ms", "-c", "trap 'exit 0' TERM; while :; do sleep 0.02; done")
        self.assert_result("timeout", 124, "^ran longer than its timeout", state="failed", exit_code=0)

    def test_timeout_that_is_ignored(self):
        self.start("--timeout=300ms", "--stop-timeout=200ms", "-c", "trap '' TERM; while :; do sleep 0.02; done")
        self.assert_result("timeout", 137, "killed after 200ms$", state="failed", signal="SIGKILL")

    def test_timeout_does_not_wait_for_a_quick_job(self):
        self.start("--timeout=60", "true")
        self.assert_result("success", 0, "^exited with code 0$")

    def test_idle_timeout(self):
        self.start("--idle-timeout=500ms", "-c", "for i in 1 2 3 4 5 6; do echo $i; sleep 0.15; done; exec sleep 1000")
        self.assert_result("idle-timeout", 143, "^printed nothing for 500ms, its idle-timeout, 1 process ended$",
                           state="failed", lines=6)

    def test_stopped_by_whom(self):
        self.start("sleep", "1000")
        sdbg("stop", self.name, env={"CLAUDE_CODE_SESSION_ID": "abc-1"})
        self.assert_result("stopped", 143, rf"^stopped by PID {os.getpid()} \(.*\), session abc-1, 1 process ended$",
                           state="exited")

    def test_stopped_by_systemctl(self):
        self.start("sleep", "1000")
        harness.systemctl_user("stop", harness.unit_of(self.name))
        self.assert_result("stopped", 143, "^stopped by the service manager, 1 process ended$", state="exited")

    def test_stopped_by_a_signal_to_the_supervisor(self):
        self.start("sleep", "1000")
        unit = harness.unit_properties(harness.unit_of(self.name), "MainPID")
        os.kill(int(unit["MainPID"]), signal.SIGTERM)
        self.assert_result("stopped", 143, rf"^stopped by PID {os.getpid()} \(", state="exited")


class BadInput(ResultTest):
    def test_times(self):
        for option in ("timeout", "idle-timeout"):
            for value in ("0", "-1", "5x", ""):
                with self.subTest(option=option, value=value):
                    error = sdbg("start", f"--{option}={value}", "true", json=True, exits=2).json["error"]
                    self.assertIn(f"--{option}", error["message"])


if __name__ == "__main__":
    harness.main()
