#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How a command becomes a job: names, arguments, surroundings, failures to start, races."""

import hashlib
import json
import os
import pathlib
import stat

import harness
from harness import alive, run, sdbg, spawn, unique_name

JOBS = harness.RUNTIME / "sdbg/jobs"


class StartTest(harness.SystemTest):
    def file(self, name, text="", mode=0o644):
        path = self.directory / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def error(self, *arguments, exits, **options):
        """Return: the message of a command that fails."""
        error = sdbg(*arguments, json=True, exits=exits, **options).json["error"]
        self.assertEqual(sorted(error), ["code", "hint", "message"])
        return error

    def output(self, *start, command=("sdbg",), **options):
        """Return: the bytes that a job printed. command: what runs sdbg."""
        name = unique_name()
        run(*command, "start", "--quiet", "--settle=0", "--name", name, *start, **options)
        sdbg("wait", name)
        return sdbg("logs", "--raw", "--all", name).raw


class Names(StartTest):
    def test_bad_ones_are_refused(self):
        for name in ("", "../x", "a/b", "-n", "web@", "Web", ".x", "a b", "a\nb", "ü", "a" * 65, "a" * 300,
                     os.fsdecode(b"\xff\xfe")):
            with self.subTest(name=name):
                error = self.error("start", "--name", name, "sleep", "1000", exits=2)
                self.assertEqual(error["code"], "usage")
                self.assertIn("name", error["message"])
                sdbg("status", name, exits=2)
        self.assertEqual(harness.job_units(), [])
        self.assertEqual(list(JOBS.glob("*")), [])

    def test_error_text_is_clean(self):
        odd = os.fsdecode(b"a\xff\x1b[31m\x07")
        for arguments in (["--name", odd], ["--cwd", f"/{odd}"], ["--env-file", f"/{odd}"], ["--label", odd],
                          ["--settle", odd], [f"--{odd}"]):
            with self.subTest(arguments):
                result = sdbg("start", *arguments, "true", exits=2)
                self.assertNotRegex(result.stderr, r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
                self.assertIn("a", self.error("start", *arguments, "true", exits=2)["message"])

    def test_longest(self):
        name = unique_name().ljust(64, "x")
        sdbg("start", "--name", name, "sleep", "1000")
        self.assertEqual(harness.job_units(), [harness.unit_of(name)])
        self.assertEqual(sdbg("list", json=True).json[0]["name"], name)
        sdbg("stop", name)

    def test_all_characters(self):
        name = "0" + unique_name() + "._-z"
        job = sdbg("start", "--name", name, "sleep", "1000", json=True).json
        self.assertEqual((job["name"], job["unit"]), (name, f"bgjob-{name}.service"))
        self.assertEqual(harness.job_units(), [job["unit"]])

    def test_made_from_command(self):
        script = self.file("Serve.It", "#!/bin/sh\nsleep 1000\n", mode=0o755)
        for command, name in ((["sleep", "1000"], "sleep-1000"), ([script, "run", "dev"], "serve.it-run-dev"),
                              ([script, "--port", "1"], "serve.it"), (["-c", "sleep 1003"], "sleep-1003")):
            with self.subTest(command=command):
                self.assertEqual(sdbg("start", *command, json=True).json["name"], name)

    def test_taken_ones_are_counted_up(self):
        names = [sdbg("start", "sleep", "1001", json=True).json["name"] for _ in range(3)]
        self.assertEqual(names, ["sleep-1001", "sleep-1001-2", "sleep-1001-3"])
        sdbg("stop", "sleep-1001-2")
        self.assertEqual(sdbg("start", "sleep", "1001", json=True).json["name"], "sleep-1001-2")

    def test_group_label_and_description(self):
        name, group = unique_name(), unique_name("g")
        job = sdbg("start", "--name", name, "--group", group, "--label", "a=b=c", "--label", "ü=", "--description",
                   "50% of $HOME", "sleep", "1000", json=True).json
        self.assertEqual((job["group"], job["labels"], job["description"]),
                         (group, {"a": "b=c", "ü": ""}, "50% of $HOME"))
        properties = harness.unit_properties(job["unit"], "Slice", "Description")
        self.assertEqual(properties, {"Slice": f"bgjob-{group}.slice", "Description": "50% of $HOME"})

    def test_bad_groups_and_labels(self):
        for option in ("--group=a-b", "--group=", "--group=../x", "--label=x", "--label==x", "--label=a\nb=c"):
            with self.subTest(option):
                self.assertEqual(self.error("start", option, "true", exits=2)["code"], "usage")


class Command(StartTest):
    SHOW = ("sh", "-c", "cat /proc/$$/cmdline; exit 0", "sh")

    def test_arguments_arrive_as_they_are(self):
        arguments = ["", " ", "a b", "$HOME", "${HOME}", "%n %%", "'", '"', "\\", "new\nline", "\t", "*", ";", "ü",
                     "-n", "--", "\x01", os.fsdecode(b"\xff\xfe")]
        shown = self.output(*self.SHOW, *arguments).split(b"\0")[4:-1]
        self.assertEqual(shown, [os.fsencode(a) for a in arguments])

    def test_one_megabyte_of_arguments(self):
        arguments = [f"{i:01000}" for i in range(1000)] + ["x" * 100_000]
        shown = self.output(*self.SHOW, *arguments)
        wanted = "".join(f"{a}\0" for a in [*self.SHOW, *arguments]).encode()
        self.assertEqual(hashlib.sha256(shown).hexdigest(), hashlib.sha256(wanted).hexdigest())

    def test_string_for_the_shell(self):
        self.assertEqual(self.output("-c", "echo a | tr a b; echo $0"), b"b\n/bin/sh\n")

    def test_one_operand_with_white_space(self):
        self.assertEqual(self.output("echo a && echo b"), b"a\nb\n")

    def test_several_operands_with_white_space(self):
        self.assertEqual(self.output("echo", "a && echo b"), b"a && echo b\n")

    def test_options_after_the_command_are_its_own(self):
        self.assertEqual(self.output("echo", "--name", "x", "-c", "--json"), b"--name x -c --json\n")

    def test_nothing_to_run(self):
        for arguments in ([], [""], ["-c", ""], ["-c", "true", "true"], ["--"]):
            with self.subTest(arguments):
                self.assertEqual(self.error("start", *arguments, exits=2)["code"], "usage")

    def test_unknown_option(self):
        error = self.error("start", "--descripton=x", "true", exits=2)
        self.assertIn("--descripton", error["message"])
        self.assertIn("--description", error["hint"])


class Surroundings(StartTest):
    def test_directory_is_the_callers(self):
        odd = self.directory / os.fsdecode(b"a \n\xff$HOME%n")
        odd.mkdir()
        self.assertEqual(self.output("readlink", "/proc/self/cwd", cwd=odd), os.fsencode(odd) + b"\n")

    def test_directory_that_is_asked_for(self):
        (self.directory / "sub").mkdir()
        (self.directory / "link").symlink_to("sub")
        shown = self.output("--cwd", "link", "-c", "pwd; echo $PWD", cwd=self.directory)
        self.assertEqual(shown.decode().split(), [f"{self.directory}/sub"] * 2)

    def test_directory_that_cannot_be_used(self):
        for directory in ("/nonexistent", "/etc/passwd", ""):
            with self.subTest(directory):
                self.error("start", "--cwd", directory, "true", exits=2)

    def test_directory_that_is_gone(self):
        gone = self.directory / "gone"
        gone.mkdir()
        result = run("sh", "-c", f"cd {gone} && rmdir {gone} && exec sdbg --json start true", exits=1)
        self.assertIn("directory", result.json["error"]["message"])
        self.assertIn("--cwd", result.json["error"]["hint"])

    def test_directory_that_is_gone_at_restart(self):
        gone, name = self.directory / "gone", unique_name()
        gone.mkdir()
        sdbg("start", "--name", name, "--cwd", gone, "true")
        gone.rmdir()
        error = self.error("restart", name, exits=5)
        self.assertIn(str(gone), error["message"])
        self.assertIn("No such file", error["message"])

    def environment(self, *start, variables):
        """Return: what a job has as its environment, started by a caller that has just these variables."""
        shown = self.output(*start, "cat", "/proc/self/environ", command=("env", "-i", *variables, "sdbg"))
        return shown.split(b"\0")[:-1]

    def base(self):
        return [f"PATH={os.environ['PATH']}", f"{harness.MARKER}={os.environ[harness.MARKER]}"]

    def test_environment_is_the_callers(self):
        variables = [*self.base(), "EMPTY=", "SPACES=  a  ", "LINES_=a\nb\n", "QUOTES='\"\\", "DOLLAR=$HOME ${X} %n",
                     os.fsdecode(b"BYTES=\xff\xfe\x80"), "CONTROL=\x01\x1b[0m", "BASH_FUNC_f%%=() {  echo hi\n}",
                     "with.dot=1", "with-dash=1", "with space=1", "1digit=1", os.fsdecode(b"\xfcml=1"),
                     "LD_LIBRARY_PATH=/nonexistent", "INVOCATION_ID=mine", "NOTIFY_SOCKET=mine",
                     "JOURNAL_STREAM=mine", "MAINPID=mine"]
        self.assertEqual(sorted(self.environment(variables=variables)), sorted(map(os.fsencode, variables)))

    def test_ten_thousand_variables(self):
        variables = self.base() + [f"VARIABLE_{i}={'x' * (i % 100)}" for i in range(10_000)]
        self.assertEqual(sorted(self.environment(variables=variables)), sorted(map(os.fsencode, variables)))

    def test_variables_that_are_set(self):
        file = self.file("env", "# comment\n\nA=file\nB=file\nexport Q=\"two words\"\n S='x'\r\nE=\nU=ü=1\n")
        shown = self.environment("--env-file", file, "-e", "B=option", "-e", "B=last", "-e", "IN", "-e", "ABSENT",
                                 "-e", "N=a\nb", variables=[*self.base(), "A=caller", "C=caller", "IN=herited"])
        wanted = [*self.base(), "A=file", "B=last", "C=caller", "IN=herited", "Q=two words", "S=x", "E=", "U=ü=1",
                  "N=a\nb"]
        self.assertEqual(sorted(shown), sorted(map(os.fsencode, wanted)))

    def test_clean_environment(self):
        shown = self.environment("--clean-env", "-e", f"{harness.MARKER}={os.environ[harness.MARKER]}", "-e", "A=1",
                                 variables=[*self.base(), "HOME=/x", "B=1", "HOMER=1"])
        wanted = [*self.base(), "HOME=/x", "A=1"]
        self.assertEqual(sorted(shown), sorted(map(os.fsencode, wanted)))

    def test_bad_variables(self):
        for variable in ("=x", ""):
            with self.subTest(variable):
                self.assertEqual(self.error("start", "-e", variable, "true", exits=2)["code"], "usage")

    def test_environment_file_with_errors(self):
        for text, line in (("A=1\n\nno assignment\n", 3), ("A=1\n=x\n", 2), ("A='x\n", 1), ("A=1\nB=\"\n", 2),
                           ("#\n#\n#\nA B=1", 4)):
            with self.subTest(text):
                file = self.file("env", text)
                error = self.error("start", "--env-file", file, "true", exits=2)
                self.assertIn(f"{file}:{line}:", error["message"])
        for path in ("/nonexistent", "/", self.file("nul", b"A=1\0\n"), self.file("secret", mode=0)):
            with self.subTest(path):
                error = self.error("start", "--env-file", path, "true", exits=2)
                self.assertIn(str(path), error["message"])

    def test_mask_and_limits_are_the_callers(self):
        show = "umask; ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Ss; ulimit -Sv"
        set_them = "umask 027; ulimit -n 321; ulimit -Sc 0; ulimit -Ss 4096; ulimit -v 4000000"
        shown = self.output("-c", show, command=("sh", "-c", f'{set_them}; exec "$@"', "sh", "sdbg"))
        self.assertEqual(shown.decode().split(), ["0027", "321", "321", "0", "4096", "4000000"])

    def test_input_is_empty(self):
        self.assertEqual(self.output("-c", "readlink /proc/$$/fd/0; cat", input="not for the job"), b"/dev/null\n")

    def test_no_other_files_are_open(self):
        self.assertEqual(self.output("-c", "ls /proc/$$/fd; exit 0"), b"0\n1\n2\n")

    def test_signals_are_the_default(self):
        caller = ("env", "--ignore-signal=INT,QUIT,HUP,PIPE,TERM", "--block-signal=USR1,TERM", "sdbg")
        shown = self.output("grep", "^Sig[BI]", "/proc/self/status", command=caller).decode().split()
        self.assertEqual(shown, ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16])

    def test_session_is_its_own(self):
        shown = self.output("-c", "read -r pid name state parent group session rest </proc/$$/stat; echo $pid $group $session")
        pid, group, session = shown.split()
        self.assertEqual((group, session), (pid, pid))


class Failures(StartTest):
    def check(self, name, error, *words):
        self.assertEqual(error["code"], "exec-failed")
        for word in words:
            self.assertIn(str(word), error["message"])
        job = sdbg("status", name, json=True).json[0]
        self.assertEqual((job["state"], job["result"]), ("failed", "exec-failed"))
        self.assertIn(job["reason"], error["message"])
        self.assertIsNotNone(job["ended_at"])
        self.assertEqual(harness.job_units(), [])
        sdbg("wait", name, exits=job["exit_code"])
        self.assertEqual(sdbg("run", "--name", name, *self.command, exits=job["exit_code"]).stdout, "")

    def fails(self, command, *words, code=126):
        """Starting the command must fail with these words in the message, and the exit code of a shell."""
        name = unique_name()
        self.command = command
        error = self.error("start", "--name", name, *command, exits=5)
        self.check(name, error, *words)
        self.assertEqual(sdbg("status", name, json=True).json[0]["exit_code"], code)

    def test_not_in_path(self):
        self.fails(["no-such-command"], "no-such-command", "not found", "PATH", code=127)

    def test_line_for_the_shell_in_words(self):
        for command in (["PORT=1", "true"], ["sleep 1; true", "--json"], ["--ready-port=1", "sleep 1; true", "-q"]):
            error = self.error("start", "--name", unique_name(), *command, exits=5)
            self.assertIn("one argument", error["hint"])
        self.assertIsNone(self.error("start", "--name", unique_name(), "no-such-command", exits=5)["hint"])

    def test_closed_standard_streams(self):
        """Nothing of sdbg's own gets their numbers, and is written to in their place."""
        name = unique_name()
        sdbg("start", "--name", name, "sleep", "1000")
        waiting = spawn("sh", "-c", f"exec sdbg wait {name} <&- 2>&-")

        def files():
            try:
                return {file.name: os.readlink(file) for file in pathlib.Path(f"/proc/{waiting.pid}/fd").iterdir()}
            except OSError:  # it was closed meanwhile
                return {}

        harness.wait_until(lambda: any(file.startswith("socket:") for file in files().values()))
        harness.wait_until(lambda: (files().get("0"), files().get("2")) == ("/dev/null", "/dev/null"))
        sdbg("stop", name)
        waiting.wait()
        self.assertIn("Bad file descriptor", harness.run("sh", "-c", "sdbg version >&-", exits=1).stderr)

    def test_no_such_file(self):
        self.fails([self.directory / "none"], self.directory / "none", "not found", code=127)
        self.fails(["./none/x"], "./none/x", "not found", code=127)

    def test_dangling_link(self):
        (self.directory / "link").symlink_to("none")
        self.fails([self.directory / "link"], self.directory / "link", "not found", code=127)

    def test_directory(self):
        self.fails([self.directory], self.directory, "directory")

    def test_not_executable(self):
        file = self.file("plain", "#!/bin/sh\n")
        self.fails([file], file, "Permission denied")

    def test_interpreter_does_not_exist(self):
        file = self.file("script", "#!/no/such/interpreter -x\n", mode=0o755)
        self.fails([file], file, "interpreter", "/no/such/interpreter")

    def test_interpreter_with_carriage_return(self):
        file = self.file("script", "#!/bin/sh\r\necho hi\r\n", mode=0o755)
        self.fails([file], file, "interpreter", "/bin/sh")

    def test_interpreter_is_not_executable(self):
        file = self.file("script", f"#!{self.file('plain')}\n", mode=0o755)
        self.fails([file], file, "interpreter", self.directory / "plain")

    def test_loop_of_links(self):
        (self.directory / "a").symlink_to("b")
        (self.directory / "b").symlink_to("a")
        self.fails([self.directory / "a"], self.directory / "a", "symbolic links")

    def test_name_with_control_bytes(self):
        name = unique_name()
        error = self.error("start", "--name", name, "/none/\x1b[31m" + os.fsdecode(b"\xff"), exits=5)
        self.assertNotIn("\x1b", error["message"])

    def test_directory_that_cannot_be_entered(self):
        closed = self.directory / "closed"
        closed.mkdir(mode=0)
        self.fails(["--cwd", closed, "true"], "cannot enter", closed, "Permission denied")

    def test_script_without_interpreter_runs(self):
        self.assertEqual(self.output(self.file("script", "echo ran\n", mode=0o755)), b"ran\n")

    def test_early_end_shows_reason_and_lines(self):
        name = unique_name()
        result = sdbg("start", "--settle", "60", "--name", name, "-c", "echo to out; echo to err >&2; exit 3", exits=5)
        self.assertEqual(result.stdout, "")
        for text in ("exited with code 3", "to out\n", "to err\n", name):
            self.assertIn(text, result.stderr)
        error = self.error("start", "--settle", "60", "--name", name, "-c", "exit 3", exits=5)
        self.assertEqual(error["code"], "ended-early")

    def test_bad_properties(self):
        for option in ("NoSuchProperty=1", "MemoryMax=x", "ExecStart=/bin/true", "Environment=A=B", "x", "=", "Nice=x"):
            with self.subTest(option):
                name = unique_name()
                self.assertEqual(self.error("start", "--name", name, "-p", option, "true", exits=2)["code"], "usage")
                self.assertEqual(harness.job_units(), [])

    def test_property_that_systemd_refuses(self):
        name = unique_name()
        error = self.error("start", "--name", name, "-p", "Nice=1000", "true", exits=1)
        self.assertIn("Nice", error["message"])
        sdbg("start", "--name", name, "true")


class Settle(StartTest):
    def test_none(self):
        name = unique_name()
        sdbg("start", "--name", name, "--settle", "0", "-c", "read x </proc/self/stat; sleep 0.5; exit 3")
        sdbg("wait", name, exits=3)

    def test_failure_within(self):
        sdbg("start", "--settle", "1min", "-c", "sleep 0.5; exit 3", exits=5)

    def test_success_within(self):
        job = sdbg("start", "--settle", "60", "-c", "sleep 0.5", json=True).json
        self.assertEqual((job["state"], job["result"], job["exit_code"]), ("exited", "success", 0))

    def test_running(self):
        job = sdbg("start", "sleep", "1000", json=True).json
        self.assertEqual((job["state"], job["result"], job["exit_code"]), ("running", None, None))
        self.assertEqual(harness.command_line(job["pid"]), ["sleep", "1000"])

    def test_bad_durations(self):
        for time in ("x", "-1", "1 parsec", ""):
            with self.subTest(time):
                self.assertEqual(self.error("start", "--settle", time, "true", exits=2)["code"], "usage")


class IfRunning(StartTest):
    def start(self, *arguments, **options):
        return sdbg("start", "--name", self.name, *arguments, json=True, **options).json

    def setUp(self):
        super().setUp()
        self.name = unique_name()
        self.first = self.start("sleep", "1001")

    def test_fails(self):
        error = self.error("start", "--name", self.name, "sleep", "1002", exits=4)
        self.assertEqual(error["code"], "job-running")
        self.assertRegex(error["message"], rf"{self.name}.*PID {self.first['pid']}, since \d\d:\d\d")
        self.assertTrue(alive(self.first["pid"]))

    def test_since_is_local_time(self):
        options = {"env": {"TZ": "IST-05:30"}}
        since = self.error("start", "--name", self.name, "true", exits=4, **options)["message"]
        shown = sdbg("status", self.name, **options).stdout
        time = since.partition("since ")[2][:5]
        self.assertIn(f" {time}:", shown.partition("started:")[2].splitlines()[0])

    def test_reuse(self):
        job = self.start("--if-running", "reuse", "sleep", "1002")
        self.assertEqual((job["pid"], job["run"]), (self.first["pid"], self.first["run"]))

    def test_replace(self):
        job = self.start("--if-running=replace", "sleep", "1002")
        self.assertNotEqual(job["run"], self.first["run"])
        self.assertFalse(alive(self.first["pid"]))
        self.assertEqual(harness.command_line(job["pid"]), ["sleep", "1002"])
        self.assertEqual([j["run"] for j in sdbg("list", json=True).json], [job["run"]])

    def test_all_of_them_start_what_has_ended(self):
        runs = {self.first["run"]}
        for choice in ("fail", "reuse", "replace"):
            sdbg("stop", self.name)
            runs.add(self.start(f"--if-running={choice}", "sleep", "1001")["run"])
        self.assertEqual(len(runs), 4)

    def test_bad_choice(self):
        self.error("start", "--if-running=x", "true", exits=2)

    def test_job_of_somebody_else(self):
        name = unique_name()
        run("systemd-run", "--user", "--quiet", "--unit", harness.unit_of(name), "sleep", "1000")
        error = self.error("start", "--name", name, "true", exits=4)
        self.assertEqual(error["code"], "job-running")
        self.assertEqual(harness.unit_properties(harness.unit_of(name), "ActiveState"), {"ActiveState": "active"})


class Races(StartTest):
    def start_at_once(self, count, *options):
        """Starts that differ by the number that their jobs sleep. Return: {number: Popen}, ended."""
        gate, release = os.pipe()
        start = ["sh", "-c", f'read -r go <&{gate}; exec "$@"', "sh", "sdbg", "--json", "start", *options]
        children = {i: spawn(*start, "sleep", i, pass_fds=[gate]) for i in range(1000, 1000 + count)}
        os.close(gate)
        os.close(release)  # all of them read the end of the pipe now
        for child in children.values():
            child.out, child.err = child.communicate(timeout=60)
        return children

    def check_one_winner(self, count):
        name = unique_name()
        children = self.start_at_once(count, "--name", name)
        codes = sorted(child.returncode for child in children.values())
        self.assertEqual(codes, [0] + [4] * (count - 1), [c.err for c in children.values()])
        (winner,) = [i for i, child in children.items() if child.returncode == 0]
        job = json.loads(children[winner].out)
        self.assertEqual(harness.command_line(job["pid"]), ["sleep", str(winner)])
        self.assertEqual(harness.job_units(), [harness.unit_of(name)])
        self.assertEqual(sdbg("status", name, json=True).json[0]["command"], f"sleep {winner}")
        for loser in children.values():
            if loser.returncode != 0:
                self.assertEqual(json.loads(loser.out)["error"]["code"], "job-running")
        sdbg("stop", name)

    def test_two(self):
        for _ in range(10):
            self.check_one_winner(2)

    def test_twenty(self):
        self.check_one_winner(20)

    def test_twenty_without_a_name(self):
        children = self.start_at_once(20)  # "sleep-1000" …: nobody is in the way
        jobs = [json.loads(child.out) for child in children.values()]
        self.assertEqual(len({job["pid"] for job in jobs}), 20)
        again = [spawn("sdbg", "--json", "start", "sleep", "1000") for _ in range(20)]
        names = {json.loads(child.communicate()[0])["name"] for child in again}
        self.assertEqual(names, {f"sleep-1000-{i}" for i in range(2, 22)})
        self.assertEqual(len(harness.job_units()), 40)

    def test_replacing_each_other(self):
        name = unique_name()
        children = self.start_at_once(5, "--name", name, "--if-running=replace")
        self.assertEqual([child.returncode for child in children.values()], [0] * 5)
        (job,) = sdbg("list", json=True).json
        there = [pid for pid in harness.marked(harness.MARKER, os.environ[harness.MARKER])
                 if harness.command_line(pid)[0] == "sleep"]
        self.assertEqual(there, [job["pid"]])

    def test_start_after_end_at_once(self):
        name = unique_name()
        for i in range(20):
            with self.subTest(i):
                sdbg("start", "--settle=0", "--name", name, "-c", "exit 0")
                sdbg("wait", name)
        runs = [e["SDBG_RUN"] for e in self.journal.of_job(name, "SDBG_EVENT=exit")]
        self.assertEqual(len(set(runs)), 20)


class Secrets(StartTest):
    SECRET = "hunter2-geheim"

    def setUp(self):
        super().setUp()
        self.name = unique_name()
        self.unit = harness.unit_of(self.name)
        sdbg("start", "--name", self.name, "-e", f"PASSWORD={self.SECRET}-env", "sh", "-c", "exec sleep 1000", "sh",
             f"{self.SECRET}-argv", env={"TOKEN": f"{self.SECRET}-inherited"})

    def test_not_in_systemd(self):
        for shown in (harness.systemctl_user("show", self.unit), harness.systemctl_user("cat", self.unit),
                      harness.systemctl_user("show-environment")):
            self.assertNotIn(self.SECRET, shown.stdout)

    def test_not_in_files_of_others(self):
        for path in [harness.RUNTIME / "sdbg", *(harness.RUNTIME / "sdbg").rglob("*")]:
            mode = stat.S_IMODE(path.lstat().st_mode)
            self.assertEqual(mode, 0o700 if path.is_dir() else 0o600, path)
        for top in (harness.RUNTIME / "systemd", pathlib.Path("/tmp"), pathlib.Path("/run/systemd")):
            found = run("grep", "-rlIs", "--devices=skip", self.SECRET, top, exits=None).stdout
            self.assertEqual(found, "")

    def test_not_in_the_process_list(self):
        pid = int(harness.unit_properties(self.unit, "MainPID")["MainPID"])
        self.assertNotIn(self.SECRET, " ".join(harness.command_line(pid)))
        environment = pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace")
        self.assertNotIn(self.SECRET, environment)

    def test_not_in_the_journal(self):
        sdbg("stop", self.name)
        entries = self.journal.entries()
        self.assertTrue([e for e in entries if e.get("SDBG_EVENT") == "exit"])
        for entry in entries:
            fields = {key: value for key, value in entry.items() if self.SECRET in str(value)}
            # What a job is known by, as the shell's history has it; its environment is nowhere.
            record = json.loads(fields.pop("SDBG_RECORD", "{}"))
            record.pop("command", None)
            self.assertNotIn(self.SECRET, json.dumps(record))
            self.assertEqual(fields, {})
            self.assertNotIn(f"{self.SECRET}-env", str(entry))
            self.assertNotIn(f"{self.SECRET}-inherited", str(entry))


if __name__ == "__main__":
    harness.main()
