#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What goes wrong around jobs: managers, journald, buses, directories, readers and supervisors that fail."""

import contextlib
import os
import subprocess

import harness
from harness import RUNTIME, alive, run, sdbg, spawn, unique_name, wait_until

COUNT = "i=0; until [ -e {gate} ]; do i=$((i+1)); echo line $i; sleep 0.002; done; echo last"


class FaultTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"

    def start(self, *command):
        return sdbg("start", "--name", self.name, *command, json=True).json

    def start_counting(self):
        job = self.start("-c", COUNT.format(gate=self.gate))
        self.wait_for_lines(10)
        return job

    def wait_for_lines(self, more):
        before = self.status()["lines"]
        wait_until(lambda: self.status()["lines"] >= before + more)

    def end_counting(self):
        """Return: what the job printed after it has ended well."""
        self.gate.touch()
        sdbg("wait", self.name)
        return sdbg("logs", "--all", self.name).stdout

    def assert_whole(self, text):
        lines = text.splitlines()
        self.assertEqual(lines, [f"line {i}" for i in range(1, len(lines))] + ["last"])
        self.assertEqual(self.status()["lines"], len(lines))

    def assert_whole_in_journal(self):
        wait_until(lambda: not harness.job_units(), timeout=60)
        sdbg("clean")
        self.assertFalse((RUNTIME / "sdbg/jobs" / self.name).exists())
        self.assert_whole(sdbg("logs", "--all", self.name).stdout)

    def kill_supervisor(self, signal="KILL"):
        harness.systemctl_user("kill", "--kill-who=main", f"--signal={signal}", harness.unit_of(self.name))


class Manager(FaultTest):
    def check_with(self, *verb):
        job = self.start_counting()
        for _ in range(3):
            harness.systemctl_user(*verb)
            self.wait_for_lines(5)
        after = self.status()
        self.assertEqual([after[k] for k in ("pid", "run", "state")], [job["pid"], job["run"], "running"])
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        self.assert_whole(self.end_counting())
        self.assertEqual(self.status()["result"], "success")
        self.assertEqual(len(self.journal.of_job(self.name, "SDBG_EVENT=exit")), 1)

    def test_reload(self):
        self.check_with("daemon-reload")

    def test_reexec(self):
        self.check_with("daemon-reexec")

    def test_stop_after_reexec(self):
        self.start("-c", "setsid sleep 1000 & sleep 1000")
        harness.systemctl_user("daemon-reexec")
        sdbg("stop", self.name)
        self.assertEqual(harness.marked(harness.MARKER, os.environ[harness.MARKER]), [])
        self.assertEqual(self.status()["result"], "stopped")

    def test_unit_is_the_same_after_reload(self):
        self.start("--description", "50% of $HOME \"quoted\"", "sleep", "1000")
        names = ("Description", "LoadState", "Slice", "KillMode", "Delegate", "CollectMode", "TimeoutStopUSec", "OOMPolicy")
        before = harness.unit_properties(harness.unit_of(self.name), *names, "ExecStart", "ExecStopPost")
        harness.systemctl_user("daemon-reload")
        after = harness.unit_properties(harness.unit_of(self.name), *names, "ExecStart", "ExecStopPost")
        self.assertEqual({n: after.get(n) for n in names}, {n: before[n] for n in names})
        for name in ("ExecStart", "ExecStopPost"):
            command, _, _ = before[name].partition(" ; ignore_errors")
            self.assertTrue(after.get(name, "").startswith(command), (name, before, after))

    def test_supervisor_killed_after_reload(self):
        job = self.start("sleep", "1000")
        harness.systemctl_user("daemon-reload")
        self.kill_supervisor()
        entry = self.journal.wait(f"SDBG_JOB={self.name}", "SDBG_EVENT=exit")
        self.assertEqual(entry["SDBG_RUN"], job["run"])

    def check_starts_meanwhile(self, *verb):
        names = [unique_name() for _ in range(12)]
        starts = []
        for name in names:
            starts.append(spawn("sdbg", "start", "--name", name, "sleep", "1000"))
            if len(starts) % 3 == 0:
                harness.systemctl_user(*verb)
        for name, child in zip(names, starts):
            out, error = child.communicate(timeout=60)
            self.assertEqual(child.returncode, 0, (name, out, error))
        self.assertEqual(sorted(j["name"] for j in sdbg("list", json=True).json), sorted(names))

    def test_starts_while_it_reloads(self):
        self.check_starts_meanwhile("daemon-reload")

    def test_starts_while_it_reexecutes(self):
        self.check_starts_meanwhile("daemon-reexec")

    def test_stops_while_it_reexecutes(self):
        names = [unique_name() for _ in range(6)]
        for name in names:
            sdbg("start", "--name", name, "--settle=0", "sleep", "1000")
        stops = []
        for name in names:
            stops.append(spawn("sdbg", "stop", name))
            harness.systemctl_user("daemon-reexec")
        for child in stops:
            out, error = child.communicate(timeout=60)
            self.assertEqual(child.returncode, 0, (out, error))
        self.assertEqual(sdbg("list", json=True).json, [])


class Journald(FaultTest):
    def check_with(self, action):
        # Once: after five restarts in ten seconds systemd gives up on journald.
        self.start_counting()
        harness.root(action)
        self.wait_for_lines(20)
        self.assert_whole(self.end_counting())
        self.assert_whole_in_journal()

    def test_restarted(self):
        self.check_with("journald-restart")

    def test_killed(self):
        self.check_with("journald-kill")

    def test_killed_while_it_floods(self):
        self.start("--settle=0", "-c", "seq -f 'line %.0f' 200000; echo last")
        harness.root("journald-kill")
        sdbg("wait", self.name)
        self.assert_whole(sdbg("logs", "--all", self.name).stdout)
        self.assert_whole_in_journal()

    def test_stopped(self):
        self.start_counting()
        harness.root("journald-stop")
        self.wait_for_lines(50)
        harness.root("journald-cont")
        self.assert_whole(self.end_counting())
        self.assert_whole_in_journal()

    def test_job_that_ends_meanwhile(self):
        harness.root("journald-stop")
        self.start("-c", "seq -f 'line %.0f' 100; echo last")
        sdbg("wait", self.name)
        self.assert_whole(sdbg("logs", "--all", self.name).stdout)
        harness.root("journald-cont")
        self.assert_whole_in_journal()

    def test_rotated(self):
        self.check_with("journal-rotate")


class Supervisor(FaultTest):
    def assert_lost(self, run_id):
        wait_until(lambda: not harness.job_units(), timeout=30)
        self.assertEqual(harness.marked(harness.MARKER, os.environ[harness.MARKER]), [])
        self.assertEqual(harness.job_cgroups(), [])
        for _ in range(2):
            job = self.status()
            self.assertEqual((job["run"], job["state"], job["result"], job["lingering"]), (run_id, "failed", "lost", False))
            self.assertTrue(job["reason"])
            self.assertIsNotNone(job["ended_at"])
            self.assertIsNone(job["exit_code"])
            sdbg("clean")  # then the journal's record is all there is
        (entry,) = self.journal.of_job(self.name, "SDBG_EVENT=exit")
        self.assertEqual(entry["SDBG_RUN"], run_id)

    def test_killed(self):
        job = self.start("-c", "echo printed; setsid sleep 1000 & (trap '' TERM; sleep 1000) & sleep 1000")
        self.kill_supervisor()
        self.assert_lost(job["run"])
        self.assertEqual(sdbg("logs", self.name).stdout, "printed\n")
        self.assertFalse(alive(job["pid"]))

    def test_crashed(self):
        job = self.start("-c", "echo printed; sleep 1000")
        self.kill_supervisor("SEGV")
        self.assert_lost(job["run"])

    def test_killed_while_it_floods(self):
        job = self.start("yes")
        self.kill_supervisor()
        self.assert_lost(job["run"])
        self.assertEqual(set(sdbg("logs", "--all", self.name).stdout.splitlines()) - {"y"}, set())

    def test_killed_while_it_stops(self):
        job = self.start("-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
        wait_until(lambda: "up" in sdbg("logs", self.name).stdout)
        child = spawn("sdbg", "stop", "--timeout", "1h", self.name)
        wait_until(lambda: self.status()["state"] == "stopping")
        self.kill_supervisor()
        child.wait(timeout=30)
        wait_until(lambda: not harness.job_units())
        self.assertFalse(alive(job["pid"]))
        self.assertIn(self.status()["result"], ("lost", "stopped"))

    def test_killed_when_its_job_lingers(self):
        sdbg("start", "--name", self.name, "--settle=0", "-c", "sleep 1000 & exit 3")
        wait_until(lambda: self.status()["state"] == "lingering")
        self.kill_supervisor()
        wait_until(lambda: not harness.job_units())
        self.assertEqual(harness.marked(harness.MARKER, os.environ[harness.MARKER]), [])
        job = self.status()
        self.assertEqual((job["state"], job["lingering"]), ("failed", False))
        sdbg("wait", self.name, exits=None)

    def test_name_can_be_used_again(self):
        self.start("sleep", "1000")
        self.kill_supervisor()
        self.start("--if-running=replace", "sleep", "1001")
        self.assertEqual(self.status()["state"], "running")

    def test_restart_afterwards(self):
        self.start("sleep", "1000")
        self.kill_supervisor()
        sdbg("restart", self.name)
        self.assertEqual(self.status()["state"], "running")

    def test_run_tells(self):
        child = spawn("sdbg", "run", "--name", self.name, "-c", "echo up; sleep 1000")
        self.assertEqual(child.stdout.readline(), b"up\n")
        self.kill_supervisor()
        self.assertEqual(child.wait(timeout=30), 125)
        self.assertIn(b"supervisor", child.stderr.read())

    def test_job_cannot_be_read_by_a_truncated_state(self):
        self.start("sleep", "1000")
        for content in (b"", b"{", b"[]", b"\0" * 100, b'{"name":1}', b"x" * 100_000):
            with self.subTest(content[:10]):
                (RUNTIME / "sdbg/jobs" / self.name / "state.json").write_bytes(content)
                self.assertIn(sdbg("list", exits=None).code, (0, 1))
                self.assertIn(sdbg("status", self.name, exits=None).code, (0, 1, 3))
        sdbg("stop", self.name)
        self.assertEqual(harness.job_units(), [])

    def test_files_that_are_gone(self):
        job = self.start("-c", "echo up; sleep 1000")
        harness.root("journal-sync")
        run("rm", "-r", RUNTIME / "sdbg")
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        self.assertEqual(sdbg("logs", self.name).stdout, "up\n")
        sdbg("stop", self.name)
        self.assertFalse(alive(job["pid"]))
        self.assertEqual(harness.job_units(), [])


class Bus(FaultTest):
    """However a caller's environment is, the same manager and the same jobs are found."""

    def check(self, *command, **environment):
        other = unique_name()
        self.start("-c", "echo hi; exec sleep 1000")
        run(*command, "sdbg", "start", "--name", other, "sleep", "1000", env=environment)
        listed = run(*command, "sdbg", "--json", "list", env=environment).json
        self.assertEqual({j["name"]: j["state"] for j in listed}, {self.name: "running", other: "running"})
        self.assertEqual([j["pid"] for j in sdbg("list", json=True).json], [j["pid"] for j in listed])
        self.assertEqual(run(*command, "sdbg", "logs", self.name, env=environment).stdout, "hi\n")
        run(*command, "sdbg", "restart", other, env=environment)
        run(*command, "sdbg", "stop", self.name, other, env=environment)
        run(*command, "sdbg", "wait", other, env=environment, exits=143)
        self.assertEqual(harness.job_units(), [])

    def test_as_usual(self):
        self.check()

    def test_no_variables(self):
        self.check(DBUS_SESSION_BUS_ADDRESS=None, XDG_RUNTIME_DIR=None)

    def test_empty_variables(self):
        self.check(DBUS_SESSION_BUS_ADDRESS="", XDG_RUNTIME_DIR="")

    def test_addresses_that_lead_nowhere(self):
        for address in ("garbage", "unix:path=/nonexistent", "tcp:host=localhost,port=1", f"unix:path={self.directory}",
                        "unix:path=/dev/null"):
            with self.subTest(address):
                self.name = unique_name()
                self.check(DBUS_SESSION_BUS_ADDRESS=address)

    def test_address_of_the_system_bus(self):
        self.check(DBUS_SESSION_BUS_ADDRESS="unix:path=/run/dbus/system_bus_socket")

    def test_runtime_directories_of_others(self):
        for directory in ("/", "/run", "/nonexistent", "relative", "/dev/null", "/tmp"):
            with self.subTest(directory):
                self.name = unique_name()
                self.check(XDG_RUNTIME_DIR=directory, DBUS_SESSION_BUS_ADDRESS=None)

    def test_bus_of_its_own(self):
        self.check("dbus-run-session", "--")

    def test_killed_bus(self):
        self.start("sleep", "1000")
        harness.systemctl_user("kill", "--signal=KILL", "dbus.service")
        self.assertEqual([j["name"] for j in sdbg("list", json=True).json], [self.name])
        sdbg("stop", self.name)
        self.assertEqual(self.status()["result"], "stopped")

    def test_bus_killed_during_wait(self):
        self.start("-c", f"until [ -e {self.gate} ]; do sleep 0.02; done; exit 4")
        child = spawn("sdbg", "wait", self.name)
        harness.systemctl_user("kill", "--signal=KILL", "dbus.service")
        sdbg("list")
        self.gate.touch()
        self.assertEqual(child.wait(timeout=30), 4)

    def unreachable(self, *arguments, exits=6):
        """Runs sdbg where nothing is mounted on /run/user."""
        hide = 'mount -t tmpfs tmpfs /run/user && exec "$@"'
        return run("unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c", hide, "sh",
                   "sdbg", "--json", *arguments, exits=exits)

    def test_nothing_to_be_reached(self):
        if run("unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/run/user",
               exits=None).code != 0:
            self.skipTest("no user namespaces")
        for arguments in (["list"], ["start", "true"], ["status"], ["stop", "x"], ["logs", "x"], ["clean"]):
            with self.subTest(arguments):
                error = self.unreachable(*arguments).json["error"]
                self.assertEqual(error["code"], "manager-unreachable")
                self.assertIn("doctor", error["hint"])
        self.unreachable("run", "true", exits=125)
        self.unreachable("wait", "x", exits=125)
        self.unreachable("doctor", exits=1)
        self.unreachable("version", exits=0)


class Directory(FaultTest):
    def refused(self, *command, code="bad-runtime-dir", exits=6):
        error = sdbg("start", "--name", self.name, *(command or ["true"]), json=True, exits=exits).json["error"]
        self.assertEqual(error["code"], code)
        self.assertTrue(error["hint"])
        self.assertEqual(harness.job_units(), [])
        return error["message"]

    def test_open_to_others(self):
        (RUNTIME / "sdbg").mkdir()
        (RUNTIME / "sdbg").chmod(0o755)
        self.refused()
        self.assertEqual(list((RUNTIME / "sdbg").iterdir()), [])

    def test_open_to_others_below(self):
        (RUNTIME / "sdbg/jobs").mkdir(parents=True)
        (RUNTIME / "sdbg").chmod(0o700)
        (RUNTIME / "sdbg/jobs").chmod(0o777)
        self.refused()

    def test_link(self):
        self.directory.chmod(0o700)
        (RUNTIME / "sdbg").symlink_to(self.directory)
        try:
            self.refused()
            self.assertEqual(list(self.directory.iterdir()), [])
        finally:
            (RUNTIME / "sdbg").unlink()

    def test_link_in_place_of_a_job(self):
        self.directory.chmod(0o700)
        sdbg("start", "--name", unique_name(), "true")
        (RUNTIME / "sdbg/jobs" / self.name).symlink_to(self.directory)
        wait_until(lambda: not harness.job_units())
        self.refused()
        self.assertEqual(list(self.directory.iterdir()), [])
        sdbg("list", "-a")
        sdbg("clean")

    def test_links_in_place_of_files(self):
        victim = self.directory / "victim"
        victim.write_text("untouched")
        for name in ("spec.json", "state.json", "ring", "lock", "stop-timeout"):
            with self.subTest(name):
                sdbg("start", "--name", self.name, "true")
                wait_until(lambda: not harness.job_units())
                file = RUNTIME / "sdbg/jobs" / self.name / name
                file.unlink(missing_ok=True)
                file.symlink_to(victim)
                sdbg("start", "--name", self.name, "-c", "echo x", exits=None)
                wait_until(lambda: not harness.job_units())
                self.assertEqual(victim.read_text(), "untouched")
                run("rm", "-r", RUNTIME / "sdbg")

    def test_file(self):
        (RUNTIME / "sdbg").write_text("")
        self.addCleanup((RUNTIME / "sdbg").unlink)
        self.refused()

    def test_cannot_be_written(self):
        sdbg("start", "--name", unique_name(), "true")
        wait_until(lambda: not harness.job_units())
        (RUNTIME / "sdbg/jobs").chmod(0o500)
        try:
            self.refused()
        finally:
            (RUNTIME / "sdbg/jobs").chmod(0o700)

    def fill(self):
        if not os.path.ismount(RUNTIME):
            self.skipTest("the runtime directory is no file system of its own")
        filler = RUNTIME / "filler"
        self.addCleanup(filler.unlink, missing_ok=True)
        free = os.statvfs(RUNTIME).f_bavail * os.statvfs(RUNTIME).f_frsize
        if free > 4 << 30:
            self.skipTest("the runtime directory is too large to be filled")
        run("fallocate", "--length", free - (1 << 20), filler)
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        return filler

    def test_full(self):
        self.fill()
        error = sdbg("start", "--name", self.name, "sleep", "1000", json=True, exits=None)
        self.assertIn(error.code, (1, 6))
        self.assertIn("No space left", error.json["error"]["message"])
        self.assertIn("clean", error.json["error"]["hint"])
        self.assertEqual(harness.job_units(), [])
        self.assertRegex(sdbg("doctor", exits=None).stdout, "warn +runtime-dir .* left")

    def test_full_meanwhile(self):
        self.start_counting()
        filler = self.fill()
        sdbg("list")
        self.gate.touch()
        self.journal.wait(f"SDBG_JOB={self.name}", "SDBG_EVENT=exit", timeout=60)
        wait_until(lambda: not harness.job_units(), timeout=60)
        filler.unlink()
        job = self.status()
        self.assertEqual((job["state"], job["exit_code"]), ("exited", 0))
        self.assert_whole(sdbg("logs", "--all", self.name).stdout)


class Readers(FaultTest):
    def setUp(self):
        super().setUp()
        self.start("-c", "seq 100000; exec sleep 1000")
        wait_until(lambda: self.status()["lines"] == 100000)
        self.verbs = (["list"], ["list", "-a"], ["status", self.name], ["logs", "--all", self.name], ["--json", "list"], ["help"],
                      ["--json", "logs", "--all", self.name], ["doctor"], ["start", "--help"], ["version"])

    def test_that_want_nothing(self):
        for verb in self.verbs:
            with self.subTest(verb):
                end, write = os.pipe()
                os.close(end)
                child = spawn("sdbg", *verb, stdout=write, stdin=subprocess.DEVNULL)
                os.close(write)
                self.assertIn(child.wait(timeout=30), (0, -13))
                self.assertEqual(child.stderr.read(), b"")

    def test_that_have_seen_enough(self):
        result = run("bash", "-c", 'sdbg logs --all "$1" | head -n 1; sdbg list | head -n 0', "bash", self.name)
        self.assertEqual((result.stdout, result.stderr), ("1\n", ""))

    def test_full_device(self):
        for verb in self.verbs:
            with self.subTest(verb), open("/dev/full", "wb") as full:
                child = spawn("sdbg", *verb, stdout=full)
                self.assertEqual(child.wait(timeout=30), 1)
                self.assertIn(b"No space left", child.stderr.read())

    def test_closed_streams(self):
        for streams in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
            with self.subTest(streams):
                name = unique_name()
                run("sh", "-c", f'exec sdbg start --name "$0" -c "echo out; echo err >&2; exec sleep 1000" {streams}', name,
                    exits=None)
                self.assertEqual(sdbg("status", name, json=True).json[0]["state"], "running")
                wait_until(lambda: sorted(sdbg("logs", name).stdout.split()) == ["err", "out"])


if __name__ == "__main__":
    harness.main()
