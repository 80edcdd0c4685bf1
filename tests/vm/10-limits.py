#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the kernel's controllers do to jobs: memory, tasks and processors."""

import time

import harness
from harness import sdbg, unique_name, wait_until

HUNGRY = "x = []\nwhile True: x.append(bytearray(1 << 20))"
LIMIT = 64 << 20


class LimitsTest(harness.SystemTest):
    timeout = 240

    def setUp(self):
        super().setUp()
        self.name = unique_name()

    def start(self, *arguments):
        return sdbg("start", "--name", self.name, "--settle=0", *arguments, json=True).json

    def status(self):
        (job,) = sdbg("status", self.name, json=True).json
        return job

    def cgroup_file(self, file):
        return harness.unit_cgroup(harness.unit_of(self.name)) / file


class Memory(LimitsTest):
    def test_limit_is_the_end(self):
        self.start("--memory-max=64M", "python3", "-c", HUNGRY)
        sdbg("wait", self.name, exits=137, timeout=100)
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["signal"]), ("failed", "oom-kill", "SIGKILL"))
        self.assertRegex(job["reason"], r"memory-max \(peak [\d.]+M, limit 64M\)")
        self.assertGreater(job["memory_peak_bytes"], LIMIT // 2)
        wait_until(lambda: not harness.job_units())
        sdbg("clean")
        self.assertEqual(self.status(), job)
        (record,) = self.journal.of_job(self.name, "SDBG_EVENT=exit")
        self.assertIn(job["reason"], record["MESSAGE"])

    def test_child_only(self):
        script = f"python3 -c '{HUNGRY}'; echo child gave $?; exec sleep 1000"
        self.start("--memory-max=64M", "-c", script)
        wait_until(lambda: "child gave 137" in sdbg("logs", self.name).stdout, timeout=100)
        (warning,) = wait_until(lambda: self.status()["warnings"])
        self.assertRegex(warning, "^1 of its processes was killed for using more memory than memory-max")
        self.assertEqual(self.status()["state"], "running")
        self.assertIn("the job goes on", self.journal.of_job(self.name, "SDBG_EVENT=oom")[0]["MESSAGE"])
        sdbg("stop", self.name, timeout=100)
        job = self.status()
        self.assertEqual(job["result"], "stopped")
        self.assertRegex(job["reason"], "^stopped by PID ")

    def test_limit_of_the_slice(self):
        harness.systemctl_user("start", "bgjob.slice")
        harness.systemctl_user("set-property", "--runtime", "bgjob.slice", "MemoryMax=64M")
        self.addCleanup(harness.systemctl_user, "set-property", "--runtime", "bgjob.slice", "MemoryMax=infinity")
        self.start("python3", "-c", HUNGRY)
        sdbg("wait", self.name, exits=137, timeout=100)
        job = self.status()
        self.assertEqual(job["result"], "oom-kill")
        self.assertIn("bgjob.slice has no more memory to give", job["reason"])

    def test_figures_are_known(self):
        self.start("--memory-max=64M", "-c", "exec sleep 1000")
        job = self.status()
        (listed,) = sdbg("list", json=True).json
        for key in ("memory_bytes", "memory_peak_bytes", "memory_max_bytes", "tasks", "cpu_ms"):
            self.assertIsNotNone(job[key], key)
        self.assertIsNotNone(listed["memory_bytes"])
        self.assertEqual(job["memory_max_bytes"], LIMIT)
        self.assertEqual(self.cgroup_file("memory.max").read_text().strip(), str(LIMIT))


class Tasks(LimitsTest):
    BOMB = "import os\nwhile True:\n try: os.fork()\n except OSError: pass"

    def print_latency(self):
        """How long others take beside it; not how long they may take."""
        for command in (["/bin/true"], ["sdbg", "list"]):
            began = time.monotonic()
            harness.run(*command, timeout=100)
            print(f"beside a fork bomb, {' '.join(command)} takes {(time.monotonic() - began) * 1000:.0f} ms")

    def test_fork_bomb_stays_alone(self):
        self.start("--tasks-max=40", "--cpu=50%", "python3", "-c", self.BOMB)
        wait_until(lambda: "max 0" not in self.cgroup_file("job/pids.events").read_text(), timeout=60)
        self.assertEqual(self.cgroup_file("job/pids.current").read_text(), "40\n")
        job = self.status()
        self.assertEqual((job["tasks"], job["tasks_max"], job["warnings"]), (40, 40, []))
        other = unique_name("other")
        sdbg("start", "--name", other, "--settle=0", "-c", "for i in 1 2 3 4 5 6 7 8; do /bin/true || exit 1; done")
        sdbg("wait", other, timeout=100)
        self.print_latency()
        sdbg("stop", self.name, timeout=100)
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(self.status()["result"], "stopped")


class Processors(LimitsTest):
    def test_quota_is_the_kernels(self):
        self.start("--cpu=50%", "sleep", "1000")
        quota, period = self.cgroup_file("cpu.max").read_text().split()
        self.assertEqual(int(quota) * 2, int(period))

    def test_time_of_all_is_counted(self):
        self.start("python3", "-c", "import time\nwhile time.process_time() < 0.3: pass\ntime.sleep(1000)")
        wait_until(lambda: self.status()["cpu_ms"] >= 300, timeout=60)


if __name__ == "__main__":
    harness.main()
