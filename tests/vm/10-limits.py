#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the kernel's controllers do to jobs: memory, tasks and processors."""

import json
import re
import time

import harness
from harness import sdbg, unique_name, wait_until

HUNGRY = "x = []\nwhile True: x.append(bytearray(1 << 20))"
LIMIT = 64 << 20


class LimitsTest(harness.JobTest):
    timeout = 240

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

    def test_output_does_not_use_up_the_limit(self):
        for limit in "--memory-max=64M", "--property=MemoryMax=64M":
            with self.subTest(limit):
                self.start(limit, "-c", "yes | head -c 150M")
                sdbg("wait", self.name, timeout=100)
                self.assertEqual(self.status()["bytes"], 150 << 20)

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


    def test_post_mortem_tells_the_peak(self):
        script = "x = bytearray(40 << 20); raise SystemExit(3)"
        self.start("--memory-max=64M", "python3", "-c", script)
        sdbg("wait", self.name, exits=3, timeout=100)
        job = self.status()
        self.assertGreater(job["memory_peak_bytes"], 40 << 20)
        shown = re.search(r"memory: (\d+)% of its limit at the peak", sdbg("status", self.name).stdout)
        self.assertEqual(int(shown[1]), int(job["memory_peak_bytes"] / LIMIT * 100))
        record = json.loads(self.journal.of_job(self.name, "SDBG_EVENT=exit")[0]["SDBG_RECORD"])
        self.assertEqual(record["memory_peak_bytes"], job["memory_peak_bytes"])


class Disk(LimitsTest):
    def test_bytes_are_counted(self):
        """Where the controller is delegated to the user manager, as in this machine."""
        self.start("-p", "IOAccounting=yes", "-c", "dd if=/dev/zero of=/var/tmp/written bs=1M count=8 oflag=direct; exec sleep 1000")
        self.addCleanup(harness.run, "rm", "-f", "/var/tmp/written")
        job = wait_until(lambda: (j := self.status())["io_write_bytes"] and j, timeout=60)
        self.assertGreaterEqual(job["io_write_bytes"], 8 << 20)
        self.assertIsNotNone(job["io_read_bytes"])
        sdbg("stop", self.name, timeout=100)
        self.assertGreaterEqual(self.status()["io_write_bytes"], 8 << 20)


class Pause(LimitsTest):
    def test_paused_job_has_no_processor(self):
        self.start("-c", "while :; do :; done")
        wait_until(lambda: self.status()["cpu_ms"] > 0, timeout=60)
        sdbg("pause", self.name)
        self.assertEqual((self.status()["state"], self.frozen()), ("paused", True))
        used = self.cgroup_file("job/cpu.stat").read_text()
        # Others' turn, so that it would have had one.
        harness.run("sdbg", "list")
        self.assertEqual(self.cgroup_file("job/cpu.stat").read_text(), used)
        sdbg("resume", self.name)
        self.assertEqual((self.status()["state"], self.frozen()), ("running", False))
        wait_until(lambda: self.cgroup_file("job/cpu.stat").read_text() != used, timeout=60)
        sdbg("pause", self.name)
        sdbg("stop", self.name, timeout=100)
        self.assertEqual((harness.job_units(), self.status()["result"]), ([], "stopped"))

    def frozen(self):
        return "frozen 1" in self.cgroup_file("job/cgroup.events").read_text()


class Tasks(LimitsTest):
    BOMB = "import os\nwhile True:\n try: os.fork()\n except OSError: pass"

    def note_latency(self):
        """How long others take beside it; not how long they may take."""
        for command in (["/bin/true"], ["sdbg", "list"]):
            began = time.monotonic()
            harness.run(*command, timeout=100)
            self.note(f"{' '.join(command)} took {(time.monotonic() - began) * 1000:.0f} ms")

    def test_fork_bomb_stays_alone(self):
        self.start("--tasks-max=40", "--cpu=50%", "python3", "-c", self.BOMB)
        wait_until(lambda: "max 0" not in self.cgroup_file("job/pids.events").read_text(), timeout=60)
        self.assertEqual(self.cgroup_file("job/pids.current").read_text(), "40\n")
        job = self.status()
        self.assertEqual((job["tasks"], job["tasks_max"], job["warnings"]), (40, 40, []))
        other = unique_name("other")
        sdbg("start", "--name", other, "--settle=0", "-c", "for i in 1 2 3 4 5 6 7 8; do /bin/true || exit 1; done")
        sdbg("wait", other, timeout=100)
        self.note_latency()
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
