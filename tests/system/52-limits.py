#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Limits: what is asked of systemd, what of it the kernel enforces, and what is said where it does not."""

import os

import harness
from harness import sdbg, unit_properties

MIB = 1 << 20
CONTROLLERS = {"memory": ("memory-max=64M", "memory_max_bytes", 64 * MIB), "cpu": ("cpu=50%", "cpu_max_percent", 50),
               "pids": ("tasks-max=100", "tasks_max", 100)}


class LimitTest(harness.JobTest):
    def start(self, *arguments, **options):
        return sdbg("start", "--name", self.name, "--settle=0", *arguments, "sleep", "1000", **options)

    def properties(self, *names):
        return unit_properties(harness.unit_of(self.name), *names)

    def delegated(self):
        return (harness.unit_cgroup(harness.unit_of(self.name)) / "cgroup.controllers").read_text().split()


class Limits(LimitTest):
    def test_unit_has_them(self):
        self.start("--memory-max=64M", "--memory-high=32M", "--cpu=50%", "--tasks-max=100")
        self.assertEqual(self.properties("MemoryMax", "MemoryHigh", "CPUQuotaPerSecUSec", "TasksMax"),
                         {"MemoryMax": str(64 * MIB), "MemoryHigh": str(32 * MIB), "CPUQuotaPerSecUSec": "500ms", "TasksMax": "116"})

    def test_they_hold_or_it_is_said(self):
        started = self.start(*(f"--{option}" for option, _, _ in CONTROLLERS.values()), json=True).json
        job = self.status()
        self.assertEqual(started["warnings"], job["warnings"])
        shown = sdbg("status", self.name).stdout
        for controller, (option, key, value) in CONTROLLERS.items():
            said = [w for w in job["warnings"] if w.startswith(option.partition("=")[0])]
            if controller in self.delegated():
                self.assertEqual((job[key], said), (value, []))
            else:
                self.assertIsNone(job[key])
                self.assertRegex(said[0], f"has no effect here: .* the {controller} controller")
                self.assertIn(said[0], shown)

    def test_warning_at_start(self):
        result = self.start("--memory-max=64M")
        if "memory" in self.delegated():
            self.assertEqual(result.stderr, "")
        else:
            self.assertRegex(result.stderr, "(?m)^sdbg: warning: memory-max 64M has no effect here: ")

    def test_no_warning_where_nothing_was_asked(self):
        self.assertEqual(self.start(json=True).json["warnings"], [])

    def test_they_stay_over_a_restart(self):
        self.start("--memory-max=64M", "--nice=5")
        sdbg("restart", self.name)
        self.assertEqual(self.properties("MemoryMax"), {"MemoryMax": str(64 * MIB)})
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, sdbg("status", self.name, json=True).json[0]["pid"]), 5)

    def test_nice(self):
        job = self.start("--nice=7", json=True).json
        self.assertEqual((os.getpriority(os.PRIO_PROCESS, job["pid"]), job["warnings"]), (7, []))

    def test_properties(self):
        self.start("-p", "MemoryMax=64M", "-p", "CPUQuota=50%", "-p", "TasksMax=100", "-p", "CPUWeight=20")
        self.assertEqual(self.properties("MemoryMax", "CPUQuotaPerSecUSec", "TasksMax", "CPUWeight"),
                         {"MemoryMax": str(64 * MIB), "CPUQuotaPerSecUSec": "500ms", "TasksMax": "100", "CPUWeight": "20"})

    def test_slice_keeps_all_together(self):
        self.start()
        self.assertEqual(self.properties("Slice"), {"Slice": "bgjob.slice"})
        self.assertIn(b"/bgjob.slice/", bytes(harness.unit_cgroup(harness.unit_of(self.name))))


class BadInput(LimitTest):
    def assert_refused(self, options, *words, exits=2):
        with self.subTest(options):
            error = self.start(*options, json=True, exits=exits).json["error"]
            for word in words:
                self.assertIn(word, error["message"])
            return error

    def test_values(self):
        for option in ("memory-max", "memory-high"):
            for value in ("0", "-1", "-1G", "12Q", "", "x", "1G2"):
                self.assert_refused([f"--{option}={value}"], f"--{option}")
        for value in ("0", "0%", "-50%", "50", "x%", "%", ""):
            self.assert_refused([f"--cpu={value}"], "--cpu")
        for value in ("0", "-1", "x", "", "1.5", "5K"):
            self.assert_refused([f"--tasks-max={value}"], "--tasks-max")
        for value in ("20", "-1", "x", ""):
            self.assert_refused([f"--nice={value}"], "--nice")

    def test_more_than_the_machine_has(self):
        self.assert_refused(["--memory-max=1P"], "--memory-max 1.0P", "this machine has")
        self.assert_refused(["--memory-high=1P"], "--memory-high 1.0P", "this machine has")
        self.assert_refused(["--cpu=1000000%"], "--cpu 1000000%", f"({os.cpu_count()}00%)")
        self.assert_refused(["--tasks-max=99999999"], "--tasks-max 99999999", "4194304")

    def test_too_little(self):
        self.assert_refused(["--memory-max=1M"], "--memory-max 1.0M", "at least 16M")

    def test_contradictions(self):
        self.assert_refused(["--memory-max=64M", "--memory-high=128M"], "--memory-high", "--memory-max")
        self.assert_refused(["--memory-max=64M", "-p", "MemoryMax=32M"], "--memory-max", "MemoryMax=32M")
        self.assert_refused(["--cpu=50%", "-p", "CPUQuota=20%"], "--cpu", "CPUQuota=20%")

    def test_unknown_property(self):
        self.assert_refused(["-p", "NoSuch=1"], "NoSuch")

    def test_value_that_systemd_refuses(self):
        """systemd's own words, whole."""
        self.assert_refused(["-p", "Nice=1000"], "Invalid Nice value: 1000", exits=1)

    def test_properties_that_are_sdbgs_own(self):
        for name in ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost", "ExecReload", "ExecCondition", "Type",
                     "KillMode", "Delegate", "Restart", "RestartSec", "RemainAfterExit", "Slice", "User", "Group", "DynamicUser",
                     "RootDirectory", "RootImage", "PIDFile", "BusName", "NotifyAccess", "GuessMainPID", "ExitType", "SendSIGKILL",
                     "WatchdogSec", "StandardOutput", "TimeoutStopSec"):
            error = self.assert_refused(["-p", f"{name}=x"], name, "cannot be set")
            self.assertTrue(error["message"].endswith("cannot be set") or error["hint"], name)


if __name__ == "__main__":
    harness.main()
