#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Waiting: for ends, readiness, lines and silence; of one job and of several."""

import os
import pathlib
import socket

import harness
from harness import sdbg, spawn, unique_name, wait_until


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class WaitTest(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"

    def start(self, script, *options, name=None):
        name = name or unique_name()
        code = sdbg("start", "--name", name, "--settle=0", *options, "-c", script, exits=None).code
        self.assertIn(code, (0, 5))
        return name

    def behind_gate(self, script):
        """A script that goes on when self.gate is made."""
        return f"until [ -e {self.gate} ]; do sleep 0.01; done; {script}"

    def wait_blocked(self, child):
        """Until the command has found the job, and waits."""
        def watches():
            try:
                return any("pidfd" in os.readlink(link) for link in pathlib.Path(f"/proc/{child.pid}/fd").iterdir())
            except FileNotFoundError:  # closed meanwhile
                return False
        wait_until(watches, what="a command that waits")


class Several(WaitTest):
    def test_any_of_three(self):
        names = [self.start("sleep 1000"), self.start(self.behind_gate("exit 4")), self.start("sleep 1000")]
        child = spawn("sdbg", "wait", "--any", *names, "--timeout", "60")
        self.gate.touch()
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 4)
        self.assertEqual(out.decode().splitlines()[0].split(" (ran")[0], f"{names[1]}: exited with code 4")

    def test_all_give_the_first_failure(self):
        names = [self.start("exit 0"), self.start("exit 6"), self.start("exit 9")]
        self.assertEqual([job["exit_code"] for job in sdbg("wait", *names, json=True, exits=6).json], [0, 6, 9])

    def test_time_over_names_what_is_left(self):
        names = [self.start("exit 0"), self.start("sleep 1000"), self.start("sleep 1000")]
        for name in names[:1]:
            sdbg("wait", name)
        result = sdbg("wait", *names, "--timeout", "0.1", exits=124)
        self.assertIn(f"'{names[1]}', '{names[2]}' are still running after 100ms", result.stderr)
        self.assertNotIn(names[0], result.stderr)
        sdbg("wait", "--any", *names[1:], "--timeout", "0.1", exits=124)

    def test_over_before_the_call(self):
        name = self.start("echo the reason >&2; exit 3")
        sdbg("wait", name, exits=3)
        result = sdbg("wait", name, "--timeout", "0", exits=3)
        self.assertIn("exited with code 3", result.stdout)
        self.assertIn("the reason", result.stdout)

    def test_many_waiters(self):
        name = self.start(self.behind_gate("exit 5"))
        # More than a user may have inotify instances.
        children = [spawn("sdbg", "wait", name) for _ in range(150)]
        for child in children:
            self.wait_blocked(child)
        self.gate.touch()
        self.assertEqual({child.wait(timeout=60) for child in children}, {5})

    def test_hundred_waiters_for_a_line(self):
        name = self.start(self.behind_gate("echo up; sleep 1000"))
        children = [spawn("sdbg", "wait", name, "--for", "log=up") for _ in range(100)]
        for child in children:
            self.wait_blocked(child)
        self.gate.touch()
        self.assertEqual({child.wait(timeout=60) for child in children}, {0})

    def test_survives_reexec_of_the_manager(self):
        name = self.start(self.behind_gate("exit 8"))
        child = spawn("sdbg", "wait", name)
        self.wait_blocked(child)
        harness.systemctl_user("daemon-reexec")
        harness.systemctl_user("daemon-reload")
        self.assertIsNone(child.poll())
        self.gate.touch()
        self.assertEqual(child.wait(timeout=60), 8)

    def test_restarted_meanwhile(self):
        """It is the end of the run that was there."""
        name = self.start("trap 'exit 9' TERM; while :; do sleep 0.01; done")
        for _ in range(3):
            child = spawn("sdbg", "wait", name)
            self.wait_blocked(child)
            sdbg("restart", name)
            out, _ = child.communicate(timeout=60)
            self.assertEqual(child.returncode, 9)
            self.assertIn("stopped by", out.decode())

    def test_here(self):
        (self.directory / "sub").mkdir()
        (self.directory / ".git").mkdir()
        name = self.start(self.behind_gate("exit 2"), "--cwd", self.directory / "sub")
        other = self.start("sleep 1000", "--cwd", "/")
        (job,) = sdbg("list", "--here", json=True, cwd=self.directory).json
        self.assertEqual(job["name"], name)
        child = spawn("sdbg", "wait", "--here", cwd=self.directory)
        self.wait_blocked(child)
        self.gate.touch()
        self.assertEqual(child.wait(timeout=60), 2)
        sdbg("wait", "--here", cwd=self.directory)
        self.assertEqual([job["name"] for job in sdbg("list", "--here", json=True, cwd="/").json], [other])


class ForLog(WaitTest):
    def test_line_before_the_call(self):
        name = self.start("echo listening on 3000; sleep 1000")
        result = sdbg("wait", name, "--for", "log=listening on \\d+", "--timeout", "60")
        self.assertEqual(result.stdout, f"{name}: line 1: listening on 3000\n")
        result = sdbg("wait", name, "--for", "log=listening on \\d+")
        self.assertEqual(result.stdout, f"{name}: line 1: listening on 3000\n")

    def test_line_after_the_call(self):
        name = self.start(f"echo one; {self.behind_gate('echo two; sleep 1000')}")
        child = spawn("sdbg", "--json", "wait", name, "--for", "log=^two$")
        self.wait_blocked(child)
        self.gate.touch()
        out, _ = child.communicate(timeout=60)
        (job,) = harness.jsonlib.loads(out)
        self.assertEqual((child.returncode, job["line"], job["seq"], job["happened"]), (0, "two", 2, True))

    def test_run_that_ends_though_another_follows(self):
        name = self.start(f"[ -e {self.gate} ] && echo two; exec sleep 1000")
        child = spawn("sdbg", "wait", name, "--for", "log=two")
        self.wait_blocked(child)
        self.gate.touch()
        sdbg("restart", name)
        self.assertEqual(child.wait(timeout=60), 5)

    def test_prompt_without_newline(self):
        name = self.start("printf 'Passw'; sleep 0.5; printf 'ord: '; sleep 1000")
        sdbg("wait", name, "--for", "log=^Password: $", "--timeout", "60")

    def test_colours_do_not_count(self):
        name = self.start("printf '\\033[32mre\\033[0mady\\n'; sleep 1000")
        sdbg("wait", name, "--for", "log=^ready$", "--timeout", "60")

    def test_end_before_it(self):
        name = self.start("echo no such luck; exit 3")
        result = sdbg("wait", name, "--for", "log=never", exits=5)
        self.assertIn(f"job '{name}' ended before it printed that: exited with code 3", result.stderr)
        self.assertIn("no such luck", result.stderr)
        self.assertEqual(sdbg("wait", name, "--for", "log=never", json=True, exits=5).json["error"]["code"], "ended-early")

    def test_line_of_a_job_that_ended(self):
        name = self.start("echo done it")
        sdbg("wait", name)
        sdbg("wait", name, "--for", "log=done")
        sdbg("clean")
        sdbg("wait", name, "--for", "log=done")

    def test_time_over(self):
        name = self.start("sleep 1000")
        result = sdbg("wait", name, "--for", "log=x", "--timeout", "0.1", exits=124)
        self.assertIn(f"'{name}' has not printed that after 100ms", result.stderr)

    def test_any_and_all(self):
        names = [self.start("echo up; sleep 1000"), self.start(self.behind_gate("echo up; sleep 1000"))]
        result = sdbg("wait", "--any", *names, "--for", "log=up")
        self.assertEqual(result.stdout, f"{names[0]}: line 1: up\n")
        sdbg("wait", *names, "--for", "log=up", "--timeout", "0.1", exits=124)
        self.gate.touch()
        sdbg("wait", *names, "--for", "log=up", "--timeout", "60")

    def test_any_goes_on_without_one_that_ended(self):
        names = [self.start("exit 1"), self.start(self.behind_gate("echo up; sleep 1000"))]
        sdbg("wait", names[0], exits=1)
        child = spawn("sdbg", "wait", "--any", *names, "--for", "log=up")
        self.wait_blocked(child)
        self.gate.touch()
        self.assertEqual(child.wait(timeout=60), 0)

    def test_bad_expression(self):
        name = self.start("sleep 1000")
        result = sdbg("wait", name, "--for", "log=a(b", exits=2)
        self.assertIn("at position 3", result.stderr)


class ForOther(WaitTest):
    def test_idle(self):
        name = self.start("echo busy; sleep 1000")
        result = sdbg("wait", name, "--for", "idle=0.3", "--timeout", "60")
        self.assertEqual(result.stdout, f"{name}: idle\n")

    def test_not_idle(self):
        name = self.start("while :; do echo busy; sleep 0.05; done")
        sdbg("wait", name, "--for", "log=busy")
        sdbg("wait", name, "--for", "idle=30", "--timeout", "0.5", exits=124)

    def test_idle_ends(self):
        name = self.start("exit 1")
        self.assertIn("before it was idle", sdbg("wait", name, "--for", "idle=600", exits=5).stderr)

    def test_port(self):
        port = free_port()
        server = f"exec python3 -m http.server --bind 127.0.0.1 {port}"
        name = self.start(self.behind_gate(server))
        sdbg("wait", name, "--for", f"port={port}", "--timeout", "0.1", exits=124)
        child = spawn("sdbg", "wait", name, "--for", f"port={port}")
        self.wait_blocked(child)
        self.gate.touch()
        out, _ = child.communicate(timeout=60)
        self.assertEqual((child.returncode, out.decode()), (0, f"{name}: listens on port {port}\n"))
        (job,) = sdbg("wait", name, "--for", "ready", json=True).json
        self.assertEqual([p["port"] for p in job["ports"]], [port])
        self.assertEqual(job["tasks"], 1)
        (job,) = sdbg("wait", name, "--for", f"port={port}", "--timeout", "0", json=True).json
        self.assertEqual([p["port"] for p in job["ports"]], [port])

    def test_port_of_somebody_else(self):
        with socket.create_server(("127.0.0.1", 0)) as own:
            port = own.getsockname()[1]
            name = self.start(self.behind_gate("exit 3"))
            sdbg("wait", name, "--for", f"port={port}", "--timeout", "0.3", exits=124)
            self.gate.touch()
            self.assertIn("before it listened", sdbg("wait", name, "--for", f"port={port}", exits=5).stderr)

    def test_ready(self):
        script = self.behind_gate("echo up; exec sleep 1000")
        name = self.start(script, "--ready-log=^up$", "--no-wait")
        sdbg("wait", name, "--for", "ready", "--timeout", "0.2", exits=124)
        child = spawn("sdbg", "wait", name, "--for", "ready")
        self.wait_blocked(child)
        self.gate.touch()
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 0)
        self.assertRegex(out.decode(), f"^{name}: ready after ")
        kinds = [event["event"] for event in sdbg("events", name, json=True).json_lines]
        self.assertEqual(kinds, ["start", "ready"])

    def test_ready_too_late(self):
        name = self.start(self.behind_gate("exit 4"), "--ready-log=^up$", "--no-wait")
        child = spawn("sdbg", "wait", name, "--for", "ready")
        self.wait_blocked(child)
        self.gate.touch()
        _, err = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 5)
        self.assertIn("ended before it was ready: exited with code 4", err.decode())

    def test_ready_without_a_sign(self):
        name = self.start("sleep 1000")
        self.assertIn(f"{name}: running", sdbg("wait", name, "--for", "ready").stdout)

    def test_ready_never(self):
        name = self.start("exit 0")
        sdbg("wait", name)
        self.assertIn("before it was ready", sdbg("wait", name, "--for", "ready", exits=5).stderr)

    def test_bad_condition(self):
        name = self.start("sleep 1000")
        for what in ("", "never", "idle=", "idle=x", "port=0", "port=70000", "port=http", "exit=1"):
            with self.subTest(what):
                result = sdbg("wait", name, f"--for={what}", exits=2)
                self.assertIn("not something to wait for", result.stderr)

    def test_no_job_of_that_group(self):
        sdbg("wait", "--group", "nosuch", exits=3)
        sdbg("wait", "--all")

    def test_near_name(self):
        name = self.start("sleep 1000", name="frontend")
        self.assertIn("did you mean 'frontend'", sdbg("wait", "fronted", exits=3).stderr)
        sdbg("stop", name)


if __name__ == "__main__":
    harness.main()
