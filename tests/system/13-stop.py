#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ending jobs: whatever they started, and however it resists, nothing is left."""

import os
import shutil
import socket

import harness
from harness import run, sdbg, spawn, unique_name, wait_until

# Forks into a session of its own, twice, and ignores what asks it to end.
STUBBORN = """
import os, signal, sys, time
for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    signal.signal(s, signal.SIG_IGN)
depth = int(sys.argv[1])
while depth and os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    depth -= 1
print("here", flush=True)
time.sleep(1000)
"""


class StopTest(harness.JobTest):
    def start(self, *command, name=None):
        return sdbg("start", "--name", name or self.name, *command, json=True).json

    def processes(self):
        """All that the test has started and that is alive; not what tests the jobs."""
        return [pid for pid in harness.marked(harness.MARKER, os.environ[harness.MARKER])]

    def job_processes(self):
        return harness.cgroup_pids(harness.unit_cgroup(harness.unit_of(self.name)) / "job")

    def stop(self, *options):
        """Stops the job; when that returns nothing of it may be there."""
        result = sdbg("stop", *options, self.name)
        self.assertEqual(self.processes(), [])
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(harness.job_cgroups(), [])
        job = self.status()
        self.assertEqual((job["state"], job["result"]), ("exited", "stopped"))
        self.assertIn(job["reason"], result.stdout)
        return job["reason"]


class Stop(StopTest):
    def test_one_process(self):
        self.start("sleep", "1000")
        self.assertIn("1 process ended", self.stop())

    def test_that_it_cleans_up_itself(self):
        self.start("-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done")
        wait_until(lambda: sdbg("logs", self.name).stdout == "up\n")
        self.stop()
        self.assertEqual(sdbg("logs", "--stream=stdout", self.name).stdout, "up\nbye\n")
        job = self.status()
        self.assertEqual((job["exit_code"], job["signal"]), (0, None))

    def test_tree(self):
        self.start("-c", "sleep 1000 & sleep 1000 & sleep 1000 & wait")
        wait_until(lambda: len(self.job_processes()) == 4)
        self.assertIn("4 processes ended", self.stop())

    def test_tree_that_resists(self):
        self.start("python3", "-c", STUBBORN, "3")
        wait_until(lambda: sdbg("logs", self.name).stdout.count("here") == 4)
        self.assertEqual(len(self.job_processes()), 4)
        self.assertRegex(self.stop("--timeout", "0.3"), "4 processes ended, 4 of them killed")

    def test_part_of_the_tree_resists(self):
        self.start("-c", f"sleep 1000 & python3 -c '{STUBBORN}' 1; sleep 1000")
        wait_until(lambda: sdbg("logs", self.name).stdout.count("here") == 2)
        self.assertRegex(self.stop("--timeout=0.3"), "4 processes ended, 2 of them killed")

    def test_at_once(self):
        self.start("python3", "-c", STUBBORN, "1")
        wait_until(lambda: sdbg("logs", self.name).stdout.count("here") == 2)
        self.stop("--timeout", "0")

    def test_own_timeout(self):
        self.start("--stop-timeout", "0.2", "python3", "-c", STUBBORN, "1")
        wait_until(lambda: sdbg("logs", self.name).stdout.count("here") == 2)
        self.assertIn("killed", self.stop())

    def test_own_signal(self):
        self.start("--stop-signal", "INT", "-c", "trap 'echo by INT; exit 5' INT; echo up; while :; do sleep 0.01; done")
        wait_until(lambda: "up" in sdbg("logs", self.name).stdout)
        self.stop()
        self.assertEqual(sdbg("logs", "--stream=stdout", self.name).stdout, "up\nby INT\n")

    def test_stopped_by_job_control(self):
        job = self.start("sleep", "1000")
        run("kill", "-STOP", job["pid"])
        self.assertNotIn("killed", self.stop())

    def test_that_forks_all_the_time(self):
        self.start("-c", "trap '' TERM; while :; do (trap '' TERM; sleep 0.05; sleep 0.05) & sleep 0.01; done")
        wait_until(lambda: len(self.job_processes()) > 5)
        self.stop("--timeout", "0.2")

    def test_last_words_are_kept(self):
        self.start("-c", "trap 'for i in $(seq 5000); do echo word $i; done; exit' TERM; echo up; while :; do sleep 0.01; done")
        wait_until(lambda: "up" in sdbg("logs", self.name).stdout)
        self.stop()
        printed = sdbg("logs", "--all", "--stream=stdout", self.name).stdout  # the shell tells who was ended
        self.assertEqual(printed, "up\n" + "".join(f"word {i}\n" for i in range(1, 5001)))

    def test_while_it_floods(self):
        self.start("yes")
        self.stop()

    def test_by_systemctl(self):
        self.start("-c", "setsid sleep 1000 & sleep 1000")
        harness.systemctl_user("stop", harness.unit_of(self.name))
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.status()["result"], "stopped")

    def test_twice_at_the_same_time(self):
        self.start("-c", "trap 'sleep 0.5; exit' TERM; while :; do sleep 0.05; done")
        first, second = (spawn("sdbg", "stop", self.name) for _ in range(2))
        self.assertEqual(first.wait(timeout=30), 0)
        self.assertLessEqual(set(self.processes()), {second.pid})
        self.assertIn(second.wait(timeout=30), (0, 3))
        self.assertEqual(self.status()["result"], "stopped")

    def test_less_patience_the_second_time(self):
        self.start("--stop-timeout", "1h", "python3", "-c", STUBBORN, "0")
        wait_until(lambda: "here" in sdbg("logs", self.name).stdout)
        patient = spawn("sdbg", "stop", self.name)
        wait_until(lambda: self.status()["state"] == "stopping")
        sdbg("stop", "--timeout", "0", self.name, timeout=20)
        self.assertEqual(patient.wait(timeout=30), 0)
        self.assertEqual(self.processes(), [])

    def test_ended_job(self):
        self.start("true")
        sdbg("wait", self.name)
        wait_until(lambda: not harness.job_units())
        sdbg("stop", self.name)  # what it asks for is so
        self.assertEqual(self.status()["result"], "success")

    def test_who_asked_is_told(self):
        self.start("sleep", "1000")
        self.stop()
        (entry,) = self.journal.of_job(self.name, "SDBG_EVENT=stop")
        self.assertIn(f"PID {os.getpid()}", entry["MESSAGE"])

    def test_bad_use(self):
        self.start("sleep", "1000")
        sdbg("stop", exits=2)
        sdbg("stop", "--timeout", "x", self.name, exits=2)
        sdbg("stop", "../x", exits=2)
        self.assertEqual(sdbg("stop", unique_name(), exits=3, json=True).json["error"]["code"], "no-such-job")
        self.assertEqual(self.status()["state"], "running")

    def test_name_that_is_nearly_right(self):
        name = self.start("sleep", "1000", name=f"web{self.name}")["name"]
        self.assertIn(f"'{name}'", sdbg("stop", f"{name}x", exits=3).stderr)


class Daemon(StopTest):
    def free_port(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    def answers(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def test_redis_that_daemonises(self):
        if not shutil.which("redis-server"):
            self.skipTest("redis-server is not installed")
        port = self.free_port()
        self.start("--cwd", self.directory, "redis-server", "--daemonize", "yes", "--port", port, "--save", "")
        wait_until(lambda: self.answers(port))
        wait_until(lambda: self.status()["state"] == "lingering")
        job = self.status()
        self.assertTrue(job["lingering"])
        self.assertEqual(job["tasks"], 1)
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        self.assertIn("redis-server", sdbg("status", self.name).stdout)
        result = sdbg("stop", self.name).stdout
        self.assertIn(self.name, result)
        self.assertFalse(self.answers(port))
        self.assertEqual(self.processes(), [])
        self.assertEqual(harness.job_units(), [])


class Lingering(StopTest):
    def linger(self, *options, seconds=1000):
        sdbg("start", "--name", self.name, *options, "-c", f"sleep {seconds} & exit 3", exits=None)

    def test_is_never_hidden(self):
        self.linger("--settle=0")
        wait_until(lambda: self.status()["state"] == "lingering")
        job = self.status()
        self.assertEqual((job["exit_code"], job["result"], job["tasks"], job["lingering"]), (3, "exit-code", 1, True))
        self.assertRegex(sdbg("list").stdout, f"{self.name} +lingering")
        sdbg("wait", self.name, exits=3)

    def test_is_waited_for_by_run(self):
        result = sdbg("run", "--name", self.name, "-c", "sleep 1000 & echo out; exit 3", exits=3)
        self.assertEqual(result.stdout, "out\n")
        self.assertIn("remain", result.stderr)

    def test_ends_by_itself(self):
        self.linger("--settle=0", seconds=0.5)
        wait_until(lambda: not harness.job_units())
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["exit_code"], job["lingering"]), ("failed", "exit-code", 3, False))

    def test_is_stopped(self):
        self.linger("--settle=0")
        wait_until(lambda: self.status()["state"] == "lingering")
        sdbg("stop", self.name)
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.status()["exit_code"], 3)
        self.assertFalse(self.status()["lingering"])

    def test_is_killed_where_asked(self):
        self.linger("--settle=0", "--leftovers", "kill")
        sdbg("wait", self.name, exits=3)
        wait_until(lambda: not harness.job_units())
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.status()["exit_code"], 3)

    def test_does_not_hold_the_name(self):
        self.linger("--settle=0")
        run = wait_until(lambda: (job := self.status())["state"] == "lingering" and job["run"])
        self.assertTrue(sdbg("start", "--name", self.name, "--if-running=reuse", "true", json=True).json["lingering"])
        self.assertEqual(self.status()["run"], run)
        sdbg("start", "--name", self.name, "sleep", "1001")
        self.assertEqual([harness.command_line(p)[1:] for p in self.job_processes()], [["1001"]])

    def test_output_of_the_rest_is_kept(self):
        self.start("-c", "(sleep 0.3; echo late) & echo early")
        wait_until(lambda: not harness.job_units())
        self.assertEqual(sdbg("logs", self.name).stdout, "early\nlate\n")


class Kill(StopTest):
    def trap(self, *signals):
        traps = "; ".join(f"trap 'echo {s}' {s}" for s in signals)
        self.start("-c", f"{traps}; echo up; while :; do sleep 0.02; done")
        wait_until(lambda: "up" in sdbg("logs", self.name).stdout)

    def test_signals(self):
        self.trap("HUP", "USR1", "TERM")
        for spelling, name in (("USR1", "USR1"), ("SIGHUP", "HUP"), ("hup", "HUP"), ("10", "USR1")):
            with self.subTest(spelling):
                before = sdbg("logs", "--all", self.name).stdout.count(f"{name}\n")
                sdbg("kill", "-s", spelling, self.name)
                wait_until(lambda: sdbg("logs", "--all", self.name).stdout.count(f"{name}\n") == before + 1)
        sdbg("kill", self.name)
        wait_until(lambda: "TERM\n" in sdbg("logs", self.name).stdout)

    def test_only_the_main_process(self):
        self.start("-c", "sleep 1000 & sleep 1000; echo $?; sleep 1000")
        wait_until(lambda: len(self.job_processes()) == 3)
        self.assertIn("1 process ", sdbg("kill", "-s", "KILL", self.name).stdout)
        wait_until(lambda: self.status()["state"] == "lingering")
        self.assertEqual(len(self.job_processes()), 2)
        self.assertEqual(self.status()["signal"], "SIGKILL")

    def test_whole_tree(self):
        self.start("-c", "sleep 1000 & setsid sleep 1000 & wait")
        wait_until(lambda: len(self.job_processes()) == 3)
        self.assertIn("3 processes", sdbg("kill", "--whole-tree", "-s", "KILL", self.name).stdout)
        sdbg("wait", self.name, exits=137)
        self.assertEqual(self.processes(), [])
        self.assertEqual(self.status()["result"], "signal")

    def test_bad_use(self):
        self.start("sleep", "1000")
        for arguments, code in (([], 2), (["-s", "NOSUCH", self.name], 2), (["-s", "0x", self.name], 2),
                                (["-s", "99", self.name], 2), ([unique_name()], 3)):
            with self.subTest(arguments):
                sdbg("kill", *arguments, exits=code)
        self.assertEqual(self.status()["state"], "running")

    def test_ends_what_lingers(self):
        sdbg("start", "--name", self.name, "--settle=0", "-c", "sleep 1000 & setsid sleep 1000 & exit 3")
        wait_until(lambda: self.status()["state"] == "lingering")
        self.assertIn("2 processes", sdbg("kill", self.name).stdout)
        wait_until(lambda: not harness.job_units())
        self.assertEqual((self.status()["result"], self.status()["exit_code"]), ("exit-code", 3))

    def test_names_what_lingers(self):
        sdbg("start", "--name", self.name, "-c", "sleep 1000 & setsid sleep 1001 & exit 3", exits=5)
        wait_until(lambda: self.status()["state"] == "lingering")
        shown = sdbg("status", self.name).stdout
        self.assertRegex(shown, r"\d+ sleep 1000\n")
        self.assertRegex(shown, r"\d+ sleep 1001\n")
        entry = self.journal.of_job(self.name, "SDBG_EVENT=exit")[0]
        self.assertRegex(entry["MESSAGE"], r"exited with code 3; 2 of its processes remain: \d+ sleep 100\d, \d+ sleep 100\d$")

    def test_self_daemonising_command(self):
        script = "import os, time\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\nprint('up', flush=True)\ntime.sleep(1000)"
        started = sdbg("start", "--name", self.name, "python3", "-c", script).stdout
        self.assertEqual(started, f"{self.name}: lingering: exited with code 0, 1 process remains\n")
        self.assertRegex(sdbg("wait", self.name).stdout, r": exited with code 0 \(ran .*\); 1 process remains\n")
        # The main process is no more: nothing shows its PID as one that could be sent something.
        self.assertNotIn("PID", sdbg("status", self.name).stdout.splitlines()[1])
        self.assertEqual(sdbg("list", "-q", "--format=pid", self.name).stdout.strip(), "-")
        wait_until(lambda: sdbg("logs", self.name).stdout == "up\n")
        sdbg("wait", self.name)
        self.assertEqual(len(self.job_processes()), 1)
        sdbg("stop", self.name)
        self.assertEqual(harness.job_units(), [])


class Selections(StopTest):
    def setUp(self):
        super().setUp()
        self.group = unique_name("g")
        self.names = [f"a{self.name}", f"ab{self.name}", f"b{self.name}", f"c{self.name}"]
        options = [["--group", self.group], ["--group", self.group, "--label", "k=v"], ["--label", "k=v"], []]
        for name, more in zip(self.names, options):
            self.start(*more, "sleep", "1000", name=name)

    def check(self, *arguments, left):
        sdbg("stop", *arguments)
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.names[i] for i in left])
        self.assertEqual(len(self.processes()), len(left))

    def test_names(self):
        self.check(self.names[0], self.names[3], left=[1, 2])

    def test_glob(self):
        self.check("a*", left=[2, 3])

    def test_several_globs(self):
        self.check("ab*", "[c]*", left=[0, 2])

    def test_all(self):
        self.check("--all", left=[])

    def test_group(self):
        self.check("--group", self.group, left=[2, 3])

    def test_label(self):
        self.check("--label", "k=v", left=[0, 3])

    def test_group_and_label(self):
        self.check("--group", self.group, "--label", "k=v", left=[0, 2, 3])

    def test_label_without_value(self):
        """It could fit nothing."""
        for verb in ("list", "stop"):
            self.assertIn("KEY=VALUE", sdbg(verb, "--label", "k", exits=2).stderr)

    def test_none_of_those_selected(self):
        for verb in ("stop", "pause", "resume", "restart"):
            self.assertEqual(sdbg(verb, "no-such-*").stderr, "No such jobs are running.\n")
            self.assertEqual(sdbg(verb, "-q", "--group=none").stderr, "")
            self.assertEqual(sdbg(verb, "--group=none", json=True).json, [])

    def test_nothing_selected(self):
        for arguments in (["z*"], ["--group", "none"], ["--label", "k=w"]):
            with self.subTest(arguments):
                sdbg("stop", *arguments, exits=None)
                self.assertEqual(len(sdbg("list", json=True).json), 4)

    def test_slice_of_a_group(self):
        harness.systemctl_user("stop", f"bgjob-{self.group}.slice")
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], self.names[2:])


if __name__ == "__main__":
    harness.main()
