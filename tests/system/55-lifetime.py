#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs that end with a process, or with an agent's session."""

import harness
from harness import alive, sdbg, spawn, unique_name, wait_until


class LifetimeTest(harness.JobTest):
    def error(self, value, exits=2):
        return sdbg("start", f"--lifetime={value}", "true", json=True, exits=exits).json["error"]["message"]


class Process(LifetimeTest):
    def test_agent_that_is_killed(self):
        agent = spawn("sleep", "1000")
        mine = [unique_name("mine") for _ in range(3)]
        jobs = [self.start(f"--lifetime=PID:{agent.pid}", "-c", "sleep 1000 & sleep 1000; true", name=name) for name in mine]
        self.start("sleep", "1000")
        agent.kill()
        agent.wait()
        wait_until(lambda: not any(alive(job["pid"]) for job in jobs), timeout=5)
        wait_until(lambda: harness.job_units() == [harness.unit_of(self.name)])
        for name in mine:
            job = self.status(name)
            self.assertEqual((job["state"], job["result"]), ("exited", "stopped"))
            self.assertRegex(job["reason"], rf"^stopped at the end of PID {agent.pid} \(sleep\), [23] processes ended$")

    def test_agent_that_ends_and_is_not_waited_for(self):
        agent = spawn("sh", "-c", "read line")
        self.start(f"--lifetime=PID:{agent.pid}", "sleep", "1000")
        agent.stdin.close()
        agent.stdin = None
        sdbg("wait", "--timeout=10", self.name, exits=143)

    def test_job_that_ends_first(self):
        agent = spawn("sleep", "1000")
        self.start(f"--lifetime=PID:{agent.pid}", "true")
        sdbg("wait", "--timeout=10", self.name)
        self.assertEqual(self.status()["result"], "success")

    def test_no_restart_after_it(self):
        agent = spawn("sleep", "1000")
        self.start(f"--lifetime=PID:{agent.pid}", "--restart=always", "--restart-delay=1h", "true")
        wait_until(lambda: self.status()["state"] == "restarting")
        agent.kill()
        sdbg("wait", "--timeout=10", self.name, exits=None)
        self.assertRegex(self.status()["reason"], rf"^stopped at the end of PID {agent.pid} \(sleep\) before it was restarted")

    def test_restart_when_it_is_gone(self):
        agent = spawn("sleep", "1000")
        self.start(f"--lifetime=PID:{agent.pid}", "sleep", "1000")
        sdbg("restart", self.name)
        agent.kill()
        agent.wait()
        sdbg("wait", "--timeout=10", self.name, exits=None)
        error = sdbg("restart", self.name, json=True, exits=1).json["error"]
        self.assertIn(f"PID {agent.pid} (sleep) is gone", error["message"])

    def test_pid_that_is_used_again(self):
        """The spec holds when the process was started, and another one of its PID is not taken for it."""
        agent = spawn("sleep", "1000")
        self.start(f"--lifetime=PID:{agent.pid}", "sleep", "1000")
        spec = harness.RUNTIME / "sdbg/jobs" / self.name / "spec.json"
        self.assertIn(f'"lifetime_pid":{agent.pid}', spec.read_text())
        spec.write_text(spec.read_text().replace('"lifetime_start":', '"lifetime_start":1'))
        error = sdbg("restart", self.name, json=True, exits=1).json["error"]
        self.assertIn("is gone", error["message"])


class Sessions(LifetimeTest):
    def test_user_is_the_default(self):
        self.start("--lifetime=user", "sleep", "1000")
        self.assertEqual(self.status()["state"], "running")

    def test_no_login_session(self):
        self.assertIn("no login session", self.error("login"))

    def test_jobs_of_an_agents_session(self):
        names = [unique_name() for _ in range(2)]
        for name in names:
            self.start("--label", "session=abc", "sleep", "1000", name=name)
        self.start("--label", "session=def", "sleep", "1000")
        stopped = sdbg("stop", "--label", "session=abc", json=True).json
        self.assertEqual(sorted(job["name"] for job in stopped), sorted(names))
        self.assertEqual(harness.job_units(), [harness.unit_of(self.name)])


class BadInput(LifetimeTest):
    def test_values(self):
        for value in ("", "x", "PID:", "PID:0", "PID:-1", "PID:1x", "PID", "PID:99999999999", "session"):
            with self.subTest(value):
                self.assertIn("--lifetime", self.error(value))

    def test_another_users(self):
        self.assertIn("belongs to another user", self.error("PID:1"))

    def test_gone(self):
        child = spawn("true")
        child.wait()
        self.assertIn(f"no process {child.pid}", self.error(f"PID:{child.pid}"))

    def test_zombie(self):
        child = spawn("true")
        wait_until(lambda: not alive(child.pid))
        self.assertIn(f"no process {child.pid}", self.error(f"PID:{child.pid}"))


if __name__ == "__main__":
    harness.main()
