#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How jobs end: codes and signals, waiting for it, and what is known afterwards."""

import pathlib
import signal

import harness
from harness import alive, sdbg, spawn, unique_name, wait_until

JOB_KEYS = """name unit run state result exit_code signal reason pid command cwd description labels group pty started_at
    ready_at ready_ms ended_at duration_ms uptime_ms tasks cpu_ms memory_bytes memory_peak_bytes memory_max_bytes memory_high_bytes
    tasks_max cpu_max_percent io_read_bytes
    io_write_bytes cpu_stall_ms memory_stall_ms io_stall_ms ports lines bytes last_line restarts warnings lingering waiting_for_input prompt attached cursor""".split()
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d$"


class EndTest(harness.JobTest):
    def start_failing(self, *command):
        """Starts what ends by itself, perhaps so early that it is told at once."""
        code = sdbg("start", "--name", self.name, "--settle=0", *command, exits=None).code
        self.assertIn(code, (0, 5))

    def unit_gone(self):
        wait_until(lambda: not harness.job_units())

    def exit_record(self):
        """The journal's only record of how the job ended."""
        (entry,) = self.journal.of_job(self.name, "SDBG_EVENT=exit")
        return entry

    def assert_ended(self, script, code, **wanted):
        """A job with this script must give this code, and be known by it wherever one looks."""
        self.start_failing("-c", script)
        sdbg("wait", self.name, exits=code)
        self.check(self.status(), code, wanted)  # the unit may be there or not
        self.unit_gone()
        self.check(self.status(), code, wanted)
        sdbg("clean")
        self.check(self.status(), code, wanted)  # now from the journal
        sdbg("wait", self.name, exits=code)
        (job,) = [job for job in sdbg("list", "-a", json=True).json if job["name"] == self.name]
        self.check(job, code, wanted)
        self.exit_record()

    def check(self, job, code, wanted):
        self.assertEqual({key: job[key] for key in wanted}, wanted)
        self.assertTrue(job["reason"])
        self.assertRegex(job["started_at"], TIME)
        self.assertRegex(job["ended_at"], TIME)
        self.assertLessEqual(job["started_at"], job["ended_at"])
        self.assertIsInstance(job["duration_ms"], int)
        self.assertIsInstance(job["cpu_ms"], int)
        self.assertFalse(job["lingering"])


class Codes(EndTest):
    def test_success(self):
        self.assert_ended("exit 0", 0, state="exited", result="success", exit_code=0, signal=None)

    def test_exit_codes(self):
        for code in (1, 7, 124, 125, 126, 127, 128, 143, 255):
            with self.subTest(code):
                self.name = unique_name()
                self.assert_ended(f"exit {code}", code, state="failed", result="exit-code", exit_code=code, signal=None)

    def test_signals(self):
        for name in ("KILL", "TERM", "INT", "HUP", "PIPE", "USR1", "ALRM"):
            with self.subTest(name):
                self.name = unique_name()
                self.assert_ended(f"kill -{name} $$; sleep 1000", 128 + signal.Signals[f"SIG{name}"], state="failed",
                                  result="signal", exit_code=None, signal=f"SIG{name}")

    def test_crash(self):
        script = "ulimit -c 0; exec python3 -c 'import ctypes; ctypes.string_at(0)'"
        self.assert_ended(script, 128 + signal.SIGSEGV, state="failed", result="signal", exit_code=None, signal="SIGSEGV")

    def test_abort(self):
        self.assert_ended("ulimit -c 0; kill -ABRT $$", 134, state="failed", result="signal", signal="SIGABRT")

    def test_real_time_signal(self):
        self.start_failing("-c", "kill -35 $$")
        sdbg("wait", self.name, exits=128 + 35)
        job = self.status()
        self.assertEqual(job["signal"], "SIGRTMIN+1")
        self.assertIn(job["signal"], job["reason"])

    def test_broken_pipe_in_a_pipeline(self):
        self.start("-c", "yes | head -n 1")
        sdbg("wait", self.name)
        self.assertEqual(sdbg("logs", self.name).stdout, "y\n")

    def test_exec_failure(self):
        self.start_failing("/no/such/command")
        self.unit_gone()
        sdbg("clean")
        job = self.status()
        self.assertEqual((job["state"], job["result"], job["exit_code"]), ("failed", "exec-failed", 127))
        self.assertIn("/no/such/command", job["reason"])
        sdbg("wait", self.name, exits=127)

    def test_reason_is_shown(self):
        self.start_failing("-c", "echo last words; exit 9")
        result = sdbg("wait", self.name, exits=9)
        self.assertIn("exited with code 9", result.stdout)
        self.assertIn("last words", result.stdout)
        self.assertEqual(sdbg("wait", "--quiet", self.name, exits=9).stdout, "")

    def test_unit_tells_the_same_as_the_job(self):
        self.start_failing("-c", "exit 7")
        entry = self.journal.wait("CODE_FUNC=unit_log_process_exit", f"USER_UNIT={harness.unit_of(self.name)}")
        self.assertEqual(entry["EXIT_STATUS"], "7")


class Record(EndTest):
    def test_of_a_job_with_output(self):
        self.start_failing("--label", "a=b", "-c", "echo one; echo two; printf three; echo err >&2; exit 3")
        sdbg("wait", self.name, exits=3)
        job = self.status()
        self.unit_gone()
        sdbg("clean")
        later = self.status()
        self.assertEqual(later, job)
        self.assertEqual((job["lines"], job["bytes"]), (4, 17))
        self.assertEqual((job["labels"], job["exit_code"], job["cwd"]), ({"a": "b"}, 3, str(pathlib.Path.home())))
        self.assertIn("one", job["command"])
        entry = self.exit_record()
        self.assertEqual(entry["SDBG_RUN"], job["run"])
        self.assertIn("exited with code 3", entry["MESSAGE"])
        self.assertTrue(entry["MESSAGE_ID"])

    def test_last_line_is_kept(self):
        self.start("-c", "echo one; echo two")
        sdbg("wait", self.name)
        self.assertEqual(self.status()["last_line"], "two")

    def test_cpu_time(self):
        self.start("-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
        sdbg("wait", self.name)
        self.assertGreater(self.status()["cpu_ms"], 50)

    def test_memory(self):
        self.start("python3", "-c", "x = bytearray(64 << 20)")
        sdbg("wait", self.name)
        peak = self.status()["memory_peak_bytes"]
        if not pathlib.Path("/sys/fs/cgroup/user.slice/memory.max").exists():
            self.assertIsNone(peak)  # unknown, and not 0
        else:
            self.assertGreater(peak, 64 << 20)


class Wait(EndTest):
    def test_goes_on_when_the_job_ends(self):
        gate = self.directory / "gate"
        self.start("-c", f"until [ -e {gate} ]; do sleep 0.01; done; exit 5")
        child = spawn("sdbg", "wait", self.name)
        wait_until(lambda: harness.alive(child.pid))
        gate.touch()
        self.assertEqual(child.wait(timeout=30), 5)

    def test_time_is_over(self):
        self.start("sleep", "1000")
        result = sdbg("wait", "--timeout", "0.1", self.name, exits=124, json=True)
        self.assertEqual(result.json["error"]["code"], "timeout")
        sdbg("wait", "--timeout", "0", self.name, exits=124)
        self.assertEqual(self.status()["state"], "running")

    def test_time_is_not_over(self):
        self.start_failing("-c", "exit 3")
        sdbg("wait", "--timeout", "1h", self.name, exits=3)

    def test_bad_time(self):
        sdbg("wait", "--timeout", "x", self.name, exits=2)

    def test_unknown(self):
        self.assertEqual(sdbg("wait", self.name, exits=3, json=True).json["error"]["code"], "no-such-job")

    def test_nothing_named(self):
        sdbg("wait", exits=2)

    def test_several(self):
        names = [unique_name() for _ in range(3)]
        for name, code in zip(names, (0, 6, 0)):
            sdbg("start", "--name", name, "--settle=0", "-c", f"sleep 0.2; exit {code}")
        result = sdbg("wait", *names, json=True, exits=6)
        self.assertEqual(sorted((j["name"], j["exit_code"]) for j in result.json), sorted(zip(names, (0, 6, 0))))

    def test_any(self):
        other = unique_name()
        self.start("sleep", "1000")
        sdbg("start", "--name", other, "--settle=0", "-c", "sleep 0.2; exit 8")
        result = sdbg("wait", "--any", self.name, other, exits=8)
        self.assertIn(other, result.stdout)
        self.assertNotIn(self.name + ":", result.stdout)

    def test_group(self):
        group = unique_name("g")
        self.start("--group", group, "-c", "sleep 0.3; exit 4")
        sdbg("wait", "--group", group, exits=4)

    def test_job_that_is_stopped_meanwhile(self):
        self.start("sleep", "1000")
        child = spawn("sdbg", "wait", self.name)
        sdbg("stop", self.name)
        self.assertEqual(child.wait(timeout=30), 143)

    def test_supervisor_that_is_killed_meanwhile(self):
        self.start("sleep", "1000")
        child = spawn("sdbg", "wait", self.name)
        harness.systemctl_user("kill", "--kill-who=main", "--signal=KILL", harness.unit_of(self.name))
        self.assertNotEqual(child.wait(timeout=30), 0)
        self.assertEqual(self.status()["result"], "lost")


class Json(EndTest):
    def test_keys_are_those_of_the_contract(self):
        started = self.start("-c", "echo hi; exec sleep 1000")
        running = [started, self.status(), sdbg("list", json=True).json[0]]
        self.assertEqual({alive(job["pid"]) for job in running}, {True})
        stopped = sdbg("stop", self.name, json=True).json
        stopped = stopped[0] if isinstance(stopped, list) else stopped
        ended = [stopped, self.status(), sdbg("list", "-a", json=True).json[0], sdbg("wait", self.name, json=True, exits=None).json[0]]
        self.unit_gone()
        sdbg("clean")
        ended.append(self.status())
        for job in running + ended:
            self.assertEqual([key for key in job if key in JOB_KEYS], JOB_KEYS)
            self.assertEqual((job["name"], job["unit"]), (self.name, harness.unit_of(self.name)))
            self.assertRegex(job["run"], "^[0-9a-f]{32}$")
            self.assertIs(job["pty"], False)
        for job in running:
            self.assertEqual((job["state"], job["result"], job["ended_at"], job["duration_ms"]), ("running", None, None, None))
            self.assertIsInstance(job["uptime_ms"], int)
            self.assertEqual(job["tasks"], 1)
        for job in ended:
            self.assertEqual((job["state"], job["result"], job["uptime_ms"]), ("exited", "stopped", None))

    def test_command_of_odd_bytes(self):
        self.start("printf", "%s", "a\nb\x1b[0m", "ü")
        sdbg("wait", self.name)
        self.assertNotIn("\x1b", self.status()["command"])

    def test_empty_lists(self):
        self.assertEqual(sdbg("list", json=True).json, [])
        self.assertEqual(sdbg("list").stdout, "")


class List(EndTest):
    def test_running_and_ended(self):
        other = unique_name()
        self.start("sleep", "1000")
        sdbg("start", "--name", other, "--settle=0", "-c", "sleep 0.2; exit 3")
        sdbg("wait", other, exits=3)
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        listed = {j["name"]: j["state"] for j in sdbg("ls", "-a", json=True).json}
        self.assertEqual((listed[self.name], listed[other]), ("running", "failed"))
        table = sdbg("list", "-a").stdout
        self.assertRegex(table, rf"(?m)^{self.name} +running .* sleep 1000$")
        self.assertRegex(table, rf"(?m)^{other} +exit-code ")

    def test_selections(self):
        group, other = unique_name("g"), unique_name()
        self.start("--group", group, "--label", "a=b", "sleep", "1000")
        sdbg("start", "--name", other, "sleep", "1000")
        for options in (["--group", group], ["--label", "a=b"], [self.name], [f"{self.name[:-1]}[{self.name[-1]}]"]):
            with self.subTest(options):
                self.assertEqual([j["name"] for j in sdbg("list", *options, json=True).json], [self.name])
        self.assertEqual(len(sdbg("list", "job*", json=True).json), 2)
        self.assertEqual(sdbg("list", "--label", "a=c", json=True).json, [])

    def test_status_shows_all_about_it(self):
        self.start("-c", "echo the line; sleep 1000; true")
        wait_until(lambda: len(harness.cgroup_pids(harness.unit_cgroup(harness.unit_of(self.name)) / "job")) == 2)
        shown = sdbg("status", self.name).stdout
        for text in ("running", self.status()["run"], str(self.status()["pid"]), "sleep 1000", "the line", str(pathlib.Path.home())):
            self.assertIn(text, shown)

    def test_status_counts_the_processes_it_does_not_show(self):
        self.start("-c", "for i in $(seq 55); do sleep 1000 & done; wait")
        wait_until(lambda: self.status()["tasks"] == 56)
        shown = sdbg("status", self.name).stdout
        self.assertIn("… 6 more\n", shown)

    def test_unit_of_somebody_else(self):
        harness.run("systemd-run", "--user", "--quiet", "--unit", harness.unit_of(self.name), "sleep", "1000")
        (job,) = sdbg("list", json=True).json
        self.assertEqual((job["name"], job["state"], job["exit_code"]), (self.name, "running", None))
        sdbg("status", self.name)
        sdbg("stop", self.name)
        self.assertEqual(harness.job_units(), [])


class Clean(EndTest):
    def files(self):
        return harness.RUNTIME / "sdbg/jobs" / self.name

    def test_right_after_the_end(self):
        self.start("true")
        sdbg("wait", self.name)
        self.assertIn(self.name, sdbg("clean", self.name).stdout)
        self.assertFalse(self.files().exists())
        self.assertEqual(self.status()["result"], "success")

    def test_running_ones_stay(self):
        other = unique_name()
        self.start("sleep", "1000")
        sdbg("start", "--name", other, "true", "--settle=60")
        wait_until(lambda: harness.job_units() == [harness.unit_of(self.name)])
        self.assertEqual(sdbg("clean", json=True).json, [other])
        self.assertTrue(self.files().exists())
        self.assertEqual(self.status()["state"], "running")
        sdbg("logs", self.name)

    def test_nothing_to_do(self):
        self.assertEqual(sdbg("clean", json=True).json, [])

    def test_name_can_be_used_again(self):
        self.start("true")
        self.unit_gone()
        sdbg("clean")
        self.start("sleep", "1000")
        self.assertEqual(self.status()["state"], "running")


class Restart(EndTest):
    def test_running(self):
        old = self.start("--label", "a=b", "-e", "X=1 2", "-c", "echo $X; exec sleep 1000")
        sdbg("restart", self.name, env={"X": "other"})
        new = self.status()
        self.assertNotEqual((new["pid"], new["run"]), (old["pid"], old["run"]))
        self.assertFalse(alive(old["pid"]))
        self.assertEqual([new[k] for k in ("command", "labels", "cwd")], [old[k] for k in ("command", "labels", "cwd")])
        wait_until(lambda: sdbg("logs", self.name).stdout == "1 2\n")
        self.assertEqual(sdbg("logs", "--run=-1", self.name).stdout, "1 2\n")

    def test_ended(self):
        self.start_failing("--cwd", "/", "-c", "pwd; exit 3")
        sdbg("wait", self.name, exits=3)
        error = sdbg("restart", self.name, "--settle=60", exits=5, json=True, cwd="/tmp").json["error"]
        self.assertEqual(error["code"], "ended-early")
        self.assertEqual(sdbg("logs", "--run=all", self.name).stdout, "/\n/\n")

    def test_ended_after_the_unit_is_gone(self):
        self.start("true")
        self.unit_gone()
        sdbg("restart", self.name)
        self.assertEqual(len(self.journal.of_job(self.name, "SDBG_EVENT=start")), 2)

    def test_cleaned(self):
        self.start("true")
        self.unit_gone()
        sdbg("clean")
        error = sdbg("restart", self.name, exits=1, json=True).json["error"]
        self.assertIn("sdbg start", error["hint"])

    def test_from_within(self):
        """It would be stopped, and nobody were left to start it again."""
        sdbg("start", "--name", self.name, "sh", "-c",
             "sdbg restart $0; sdbg start -n $0 --if-running=replace true; echo goes on; sleep 1000", self.name)
        wait_until(lambda: "goes on" in sdbg("logs", self.name).stdout)
        self.assertEqual(sdbg("logs", self.name).stdout.count("would be stopped with it"), 2)
        self.assertEqual(self.status()["state"], "running")

    def test_unknown(self):
        sdbg("restart", self.name, exits=3)
        sdbg("restart", exits=2)

    def test_several(self):
        names = [unique_name() for _ in range(3)]
        before = {n: sdbg("start", "--name", n, "sleep", "1000", json=True).json["pid"] for n in names}
        sdbg("restart", *names)
        after = {j["name"]: j["pid"] for j in sdbg("list", json=True).json}
        self.assertEqual(sorted(after), sorted(names))
        self.assertFalse(set(before.values()) & set(after.values()))

    def test_one_of_several_fails(self):
        bad, good = unique_name(), unique_name()
        sdbg("start", "--name", bad, "-c", "exit 3", exits=5)
        before = sdbg("start", "--name", good, "sleep", "1000", json=True).json["pid"]
        for json in (False, True):
            result = sdbg("restart", bad, good, bad, json=json, exits=5)
            self.assertIn(f"job '{bad}' failed", result.stdout if json else result.stderr)
            after = sdbg("status", good, json=True).json[0]["pid"]
            self.assertNotEqual(before, after)
            before = after

    def test_several_with_json_is_one_document(self):
        names = [unique_name() for _ in range(2)]
        for name in names:
            sdbg("start", "--name", name, "sleep", "1000")
        self.assertEqual([j["name"] for j in sdbg("restart", *names, json=True).json], names)


class Run(EndTest):
    def run_job(self, script, **options):
        return sdbg("run", "--name", self.name, "-c", script, **options)

    def test_output_and_code(self):
        result = self.run_job("echo out; echo err >&2; printf 'a\\377\\0'; exit 7", exits=7)
        self.assertEqual(result.raw, b"out\na\xff\0")
        self.assertEqual(result.stderr, "err\n")
        self.assertEqual(self.status()["exit_code"], 7)

    def test_success_and_signal(self):
        self.run_job("true")
        self.run_job("kill -KILL $$", exits=137)
        self.run_job("kill -SEGV $$", exits=139)

    def test_not_found(self):
        result = sdbg("run", "--name", self.name, "/no/such/command", exits=127)
        self.assertIn("/no/such/command", result.stderr)

    def test_much_output(self):
        result = self.run_job("for i in $(seq 50000); do echo line $i; done")
        self.assertEqual(result.stdout, "".join(f"line {i}\n" for i in range(1, 50001)))

    def test_output_of_children_that_remain_a_moment(self):
        self.assertEqual(self.run_job("(sleep 0.05; echo late) & echo early").stdout, "early\nlate\n")

    def test_own_failures(self):
        sdbg("run", "--name", "../x", "true", exits=2)
        sdbg("run", "--name", self.name, "-p", "Nice=1000", "true", exits=125)

    def test_already_running(self):
        self.start("sleep", "1000")
        self.run_job("true", exits=4)

    def interrupt(self, number, script):
        child = spawn("sdbg", "run", "--name", self.name, "-c", script)
        self.assertEqual(child.stdout.readline(), b"ready\n")
        child.send_signal(number)
        return child

    def test_interrupt_ends_the_job(self):
        child = self.interrupt(signal.SIGINT, "echo ready; exec sleep 1000")
        self.assertEqual(child.wait(timeout=30), 130)
        self.assertEqual(self.status()["signal"], "SIGINT")

    def test_interrupt_is_the_jobs_to_handle(self):
        child = self.interrupt(signal.SIGINT, "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done")
        self.assertEqual(child.communicate()[0], b"caught\n")
        self.assertEqual(child.returncode, 3)

    def test_interrupt_reaches_the_children(self):
        child = self.interrupt(signal.SIGINT, "sh -c 'echo ready; exec sleep 1000'; echo after")
        self.assertEqual(child.wait(timeout=30), 130)

    def test_caller_that_is_killed(self):
        child = self.interrupt(signal.SIGKILL, "echo ready; exec sleep 1000")
        child.wait()
        self.assertEqual(self.status()["state"], "running")

    def test_terminal_that_is_closed(self):
        child = self.interrupt(signal.SIGHUP, "echo ready; exec sleep 1000")
        self.assertEqual(child.wait(timeout=30), 0)
        self.assertIn(f"'sdbg logs -f {self.name}'", child.stderr.read().decode())
        self.assertEqual(self.status()["state"], "running")

    def test_closed_output(self):
        child = spawn("sdbg", "run", "--name", self.name, "-c", "while :; do echo x; sleep 0.01; done")
        child.stdout.readline()
        child.stdout.close()
        self.assertNotEqual(child.wait(timeout=30), 0)
        self.assertEqual(self.status()["state"], "running")


if __name__ == "__main__":
    harness.main()
