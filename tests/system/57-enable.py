#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Jobs that come back at boot: a unit file of their own, and the spec beside it."""

import os
import pathlib
import shutil
import stat

import harness
from harness import sdbg, systemctl_user, unit_of, wait_until

HOME = pathlib.Path.home()


class EnableTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.unit = unit_of(self.name)
        self.unit_file = HOME / ".config/systemd/user" / self.unit
        self.spec = HOME / ".local/state/sdbg/enabled" / f"{self.name}.json"
        self.addCleanup(sdbg, "disable", self.name, exits=None)

    def enable(self, *arguments, **options):
        self.start(*arguments, **options)
        self.assertRegex(sdbg("enable", self.name).stdout, f"^{self.name}: enabled, starts at ")

    def boot(self):
        """What is there after one: no runtime files, no transient unit; then the unit is started as default.target does."""
        sdbg("stop", self.name)
        (harness.RUNTIME / "systemd/transient" / self.unit).unlink(missing_ok=True)
        shutil.rmtree(harness.RUNTIME / "sdbg")
        systemctl_user("daemon-reload")
        systemctl_user("start", self.unit)


class Enable(EnableTest):
    def test_job_comes_back(self):
        self.enable("--label", "a=b", "--cwd", "/tmp", "-e", "X=1 $2 %3", "-c", 'echo "$X"; pwd; exec sleep 1000')
        run = self.status()["run"]
        self.boot()
        self.assertEqual(systemctl_user("is-enabled", self.unit).stdout, "enabled\n")
        self.assertIn(self.unit, harness.unit_properties("default.target", "Wants")["Wants"].split())
        job = self.status()
        self.assertEqual((job["state"], job["labels"], job["cwd"]), ("running", {"a": "b"}, "/tmp"))
        self.assertNotEqual(job["run"], run)
        wait_until(lambda: sdbg("logs", self.name).stdout == "1 $2 %3\n/tmp\n")
        sdbg("stop", self.name)
        self.assertEqual(self.status()["result"], "stopped")

    def test_boot_waits_until_it_is_ready(self):
        server = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "23458"]
        self.enable("--ready-port=23458", "--ready-http=http://127.0.0.1:23458/", *server)
        self.boot()
        job = self.status()
        self.assertEqual((job["state"], [port["port"] for port in job["ports"]]), ("ready", [23458]))
        sdbg("restart", self.name)
        self.assertEqual(self.status()["state"], "ready")

    def test_running_job_goes_on(self):
        before = self.start("sleep", "1000")
        sdbg("enable", self.name)
        self.assertEqual(self.status()["pid"], before["pid"])
        sdbg("disable", self.name)
        self.assertEqual(self.status()["pid"], before["pid"])

    def test_same_unit_as_a_start_makes(self):
        self.enable("--stop-timeout=7", "-p", "CPUWeight=20", "--memory-max=64M", "--tasks-max=50", "sleep", "1000")
        names = ("Type NotifyAccess KillMode Delegate Slice TimeoutStopUSec OOMPolicy MemoryMax TasksMax CPUWeight StandardOutput "
                 "IgnoreSIGPIPE Description").split()
        before = harness.unit_properties(self.unit, *names)
        self.boot()
        self.assertEqual(harness.unit_properties(self.unit, *names), before)

    def test_restart_after_the_end(self):
        self.enable("-c", "exec sleep 1000")
        sdbg("stop", self.name)
        sdbg("clean", self.name)
        sdbg("restart", self.name)
        self.assertEqual(self.status()["state"], "running")
        sdbg("restart", self.name)
        self.assertEqual(self.status()["state"], "running")

    def test_failure_is_told_the_same(self):
        self.enable("-c", "sleep 0.2; exit 3")
        sdbg("wait", self.name, exits=3)
        self.boot()
        sdbg("wait", "--timeout=10", self.name, exits=3)

    def test_secrets_stay_private(self):
        self.enable("-e", "TOKEN=verysecret", "sleep", "1000")
        self.assertIn("verysecret", self.spec.read_text())
        self.assertEqual(stat.S_IMODE(self.spec.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.spec.parent.stat().st_mode), 0o700)
        self.assertNotIn("verysecret", self.unit_file.read_text())

    def test_again_takes_the_newest(self):
        self.enable("sleep", "1000")
        sdbg("disable", self.name)
        self.start("--if-running=replace", "sleep", "1001")
        sdbg("enable", self.name)
        self.boot()
        self.assertEqual(self.status()["command"], "sleep 1001")

    def test_odd_description(self):
        self.enable("--description", "100% of $HOME \"and\" more", "sleep", "1000")
        self.boot()
        self.assertEqual(harness.unit_properties(self.unit, "Description"), {"Description": "100% of $HOME \"and\" more"})

    def test_several_with_json(self):
        self.start("sleep", "1000")
        self.assertEqual(sdbg("enable", self.name, json=True).json, [{"name": self.name, "enabled": True}])
        self.assertEqual(sdbg("disable", self.name, json=True).json, [{"name": self.name, "enabled": False}])


class Disable(EnableTest):
    def test_nothing_is_left(self):
        self.enable("sleep", "1000")
        self.assertEqual(sdbg("disable", self.name).stdout, f"{self.name}: disabled\n")
        self.assertFalse(self.unit_file.exists() or self.spec.exists())
        self.assertEqual(list(self.unit_file.parent.glob(f"*.wants/{self.unit}")), [])
        sdbg("stop", self.name)
        self.start("sleep", "1000")

    def test_not_enabled(self):
        self.assertEqual(sdbg("disable", self.name).stdout, f"{self.name}: was not enabled\n")

    def test_somebodys_own_unit_file(self):
        self.unit_file.parent.mkdir(parents=True, exist_ok=True)
        self.unit_file.write_text("[Service]\nExecStart=/bin/true\n")
        self.addCleanup(self.unit_file.unlink)
        sdbg("disable", self.name)
        self.assertTrue(self.unit_file.exists())
        self.start("true", exits=None)
        error = sdbg("enable", self.name, json=True, exits=1).json["error"]
        self.assertIn("somebody", error["message"])
        self.assertIn("ExecStart=/bin/true", self.unit_file.read_text())


class NameIsTaken(EnableTest):
    def test_start(self):
        self.enable("sleep", "1000")
        sdbg("stop", self.name)
        for options in ([], ["--if-running=replace"], ["--if-running=reuse"]):
            error = self.start(*options, "true", exits=4)["error"]
            self.assertIn("enabled", error["message"])
            self.assertIn(f"sdbg restart {self.name}", error["hint"])

    def test_start_while_it_runs(self):
        self.enable("sleep", "1000")
        self.assertIn("already running", self.start("true", exits=4)["error"]["message"])
        self.assertEqual(self.start("--if-running=reuse", "true")["command"], "sleep 1000")
        self.assertIn("enabled", self.start("--if-running=replace", "true", exits=4)["error"]["message"])


class BadInput(EnableTest):
    def test_unknown(self):
        sdbg("enable", self.name, exits=3)
        sdbg("enable", exits=2)
        sdbg("disable", exits=2)
        sdbg("enable", "../x", exits=2)

    def test_lifetime_of_a_process(self):
        self.start(f"--lifetime=PID:{os.getpid()}", "sleep", "1000")
        self.assertIn(f"PID {os.getpid()}", sdbg("enable", self.name, json=True, exits=2).json["error"]["message"])


class Linger(EnableTest):
    def test_start_over_ssh(self):
        lingers = pathlib.Path("/var/lib/systemd/linger", HOME.owner()).exists()
        result = sdbg("start", "--name", self.name, "sleep", "1000", env={"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"})
        self.assertEqual("lingering is off" in result.stderr, not lingers)

    def test_doctor_has_nothing_to_mend(self):
        checks = {check["check"]: check["status"] for check in sdbg("doctor", "--fix", json=True, exits=None).json}
        if checks["linger"] == "ok":
            self.assertEqual(checks.get("fix-linger", "ok"), "ok")


if __name__ == "__main__":
    harness.main()
