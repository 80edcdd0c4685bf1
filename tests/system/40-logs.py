#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Picking out of a log: by time, place, expression, error, size; and what is done with it before it is shown."""

import json
import os
import pathlib
import pty
import random
import re
import shutil

import harness
from harness import run, sdbg, spawn, unique_name, wait_until

GOLDEN = pathlib.Path(__file__).parent / "golden"
SAMPLES = pathlib.Path(__file__).parent.parent / "unit/text/errors"


def sample(tool):
    """What a tool has printed, out of the marked samples of the unit tests."""
    return [line[2:] for line in (SAMPLES / tool).read_text().splitlines()]


class LogTest(harness.JobTest):
    def print(self, script, *options, name=None):
        """Runs a shell script as a job to its end."""
        name = name or self.name
        sdbg("start", "--name", name, "--settle=0", *options, "--", "sh", "-c", script)
        sdbg("wait", name, exits=None)

    def print_lines(self, lines, **more):
        file = self.directory / "data"
        data = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        file.write_bytes(data)
        self.print(f"cat {file}", **more)

    def logs(self, *options, **more):
        return sdbg("logs", *options, self.name, **more)

    def lines(self, *options, **more):
        return self.logs(*options, **more).stdout.splitlines()

    def usage_error(self, *arguments):
        error = sdbg(*arguments, exits=2, json=True).json["error"]
        self.assertEqual(error["code"], "usage")
        return error["message"]

    def cursor(self, *options):
        return self.logs("--show-cursor", *options).stdout.splitlines()[-1].removeprefix("-- cursor: ")


class Search(LogTest):
    def setUp(self):
        super().setUp()
        self.all = [f"line {i}" for i in range(1, 31)]
        self.print_lines(self.all)

    def test_context(self):
        self.assertEqual(self.lines("-g", "^line 10$", "-A", 2), self.all[9:12])
        self.assertEqual(self.lines("-g", "^line 10$", "-B", 2), self.all[7:10])
        self.assertEqual(self.lines("-g", "^line 10$", "-C", 1), self.all[8:11])
        self.assertEqual(self.lines("-g", "^line 10$", "-C", 1, "-A", 0), self.all[8:10])

    def test_context_at_the_borders(self):
        self.assertEqual(self.lines("-g", "^line 1$", "-C", 3), self.all[:4])
        self.assertEqual(self.lines("-g", "^line 30$", "-C", 3), self.all[-4:])
        self.assertEqual(self.lines("-g", "line", "-C", 100), self.all)

    def test_groups_are_kept_apart(self):
        self.assertEqual(self.lines("-g", "^line (5|7|20)$", "-C", 1),
                         [*self.all[3:8], "--", *self.all[18:21]])

    def test_context_is_told_in_json(self):
        lines = self.logs("-g", "^line 10$", "-C", 1, json=True).json_lines
        self.assertEqual([line.get("context", False) for line in lines], [True, False, True])

    def test_context_of_the_last_and_the_first(self):
        self.assertEqual(self.lines("-g", "0$", "-n", 1, "-C", 1), self.all[28:30])
        self.assertEqual(self.lines("-g", "0$", "-n", 2, "-B", 1), [*self.all[18:20], "--", *self.all[28:30]])
        self.assertEqual(self.lines("-g", "0$", "--head", 1, "-C", 1), self.all[8:11])
        self.assertEqual(self.lines("-g", "0$", "--head", 2, "-A", 1), [*self.all[9:11], "--", *self.all[19:21]])

    def test_as_grep_does(self):
        file = self.directory / "data"
        for options in (["-A3"], ["-B3"], ["-C2"], ["-v", "-A1"], ["-B1", "-A4"]):
            for pattern in ("5", "line 2", "1[0-9]", "^line 1$|0$", "none"):
                with self.subTest((options, pattern)):
                    wanted = run("grep", "-E", *options, pattern, file, exits=None).stdout
                    self.assertEqual(self.logs("--all", *options, "-g", pattern).stdout, wanted)

    def test_bad_use(self):
        self.usage_error("logs", "-A", 1, self.name)
        self.usage_error("logs", "-i", self.name)
        self.usage_error("logs", "-v", self.name)
        self.usage_error("logs", "-g", "x", "-A", "1000000000", self.name)

    def test_expression_that_explodes(self):
        self.print_lines(["a" * 5000 + "b"])
        message = self.usage_error("logs", "-g", "(a|aa)+$", self.name)
        self.assertIn("too long", message)

    def test_position_of_a_mistake(self):
        self.assertIn("position 2", self.usage_error("logs", "-g", "a(", self.name))


class Backwards(LogTest):
    """With -n, a search goes backwards; it must find what one from the beginning finds."""

    def test_same_as_forwards(self):
        chance = random.Random(4)
        words = ["alpha", "beta", "gamma", "delta", "rare"]
        lines = [f"{i} {chance.choices(words, [40, 40, 40, 40, 0.02])[0]}" for i in range(60_000)]
        self.print_lines(lines)
        for pattern in ("alpha", "rare", "none", "^[0-9] ", "beta|rare"):
            found = [line for line in lines if re.search(pattern, line)]
            for n in (1, 3, 200, 5000, 100_000):
                with self.subTest((pattern, n)):
                    self.assertEqual(self.lines("-g", pattern, "-n", n), found[-n:])

    def test_of_several_jobs(self):
        other = unique_name()
        for i in range(5):
            name = self.name if i % 2 else other
            self.print(f"echo {i} a; echo {i} b; echo {i} c", name=name)
        last = sdbg("logs", "--run=all", "-n", 4, self.name, other).stdout.splitlines()
        self.assertEqual(last, [f"{self.name} | 3 c"] + [f"{other} | 4 {x}" for x in "abc"])
        last = sdbg("logs", "--run=all", "-n", 3, "-g", "b", self.name, other).stdout.splitlines()
        self.assertEqual(last, [f"{other} | 2 b", f"{self.name} | 3 b", f"{other} | 4 b"])

    def test_with_an_unfinished_line(self):
        self.print_lines(b"a 1\nb\na 2")
        self.assertEqual(self.lines("-g", "a", "-n", 1), ["a 2"])
        self.assertEqual(self.lines("-g", "a", "-n", 2), ["a 1", "a 2"])


class Times(LogTest):
    def setUp(self):
        super().setUp()
        self.print("echo one; sleep 0.3; echo two; sleep 0.3; echo three")
        self.times = [line["time"] for line in self.logs(json=True).json_lines]

    def test_since_and_until(self):
        self.assertEqual(self.lines("--since", self.times[1]), ["two", "three"])
        self.assertEqual(self.lines("--until", self.times[1]), ["one", "two"])
        self.assertEqual(self.lines("--since", self.times[1], "--until", self.times[1]), ["two"])
        self.assertEqual(self.lines("--since", "-1h"), ["one", "two", "three"])
        self.assertEqual(self.lines("--since", "tomorrow"), [])
        self.assertEqual(self.lines("--until", "yesterday"), [])
        self.assertEqual(self.lines("--since", "-1h", "-n", 1), ["three"])
        self.assertEqual(self.lines("--until", self.times[1], "-n", 1), ["two"])

    def test_are_the_same_wherever_a_line_is(self):
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        self.assertEqual([line["time"] for line in self.logs(json=True).json_lines], self.times)

    def test_as_journalctl_understands_them(self):
        harness.root("journal-sync")
        for since in ("today", "yesterday", "-1h", "10 min ago", "@1700000000", "2020-01-01", "2020-01-01 10:00:00",
                      "now", "00:00"):
            with self.subTest(since):
                shown = run("journalctl", "--user", "-q", "-o", "cat", f"--since={since}", "SDBG_STREAM=stdout",
                            f"SDBG_JOB={self.name}").stdout.splitlines()
                self.assertEqual(self.lines("--since", since), shown)

    def test_in_a_long_log(self):
        self.print("seq 30000; sleep 0.5; date +%s.%N; seq 10000")
        at = float(self.lines("-g", r"^\d+\.\d+$")[0])
        for source in "ring", "journal":
            if source == "journal":
                wait_until(lambda: not harness.job_units())
                sdbg("clean", self.name)
            with self.subTest(source):
                shown = self.lines("--since", f"@{at - 0.2:.6f}")
                self.assertEqual(shown[1:], [str(i) for i in range(1, 10001)])
                shown = self.lines("--until", f"@{at - 0.2:.6f}")
                self.assertEqual(shown, [str(i) for i in range(1, 30001)])

    def test_no_known_form(self):
        for text in ("gestern", "", "12", "2020-13-01", "31 February"):
            with self.subTest(text):
                self.assertIn(text, self.usage_error("logs", "--since", text, self.name))
        self.usage_error("logs", "--since", "today", "--until", "yesterday", self.name)


class Cursors(LogTest):
    def test_goes_on_after_it(self):
        self.print("seq 10")
        for n in range(11):
            cursor = self.cursor("--head", n)
            self.assertEqual(self.lines("--cursor", cursor), [str(i) for i in range(n + 1, 11)])
        self.assertEqual(sdbg("logs", "--cursor", self.cursor("--head", 9)).stdout, "10\n")

    def test_is_stable_across_rotation(self):
        self.print("seq 10")
        cursor = self.cursor("--head", 4)
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        harness.root("journal-rotate")
        harness.root("journald-restart")
        self.assertEqual(self.lines("--cursor", cursor), [str(i) for i in range(5, 11)])

    def test_of_an_earlier_run(self):
        self.print("seq 3")
        cursor = self.cursor("--head", 1)
        self.print("seq 11 12")
        self.print("seq 21 22")
        self.assertEqual(self.lines("--cursor", cursor), ["2", "3", "11", "12", "21", "22"])
        self.assertEqual(self.lines("--cursor", cursor, "--head", 3), ["2", "3", "11"])
        middle = self.cursor("--cursor", cursor, "--head", 3)
        self.assertEqual(self.lines("--cursor", middle), ["12", "21", "22"])

    def test_is_the_status_s(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c", f"seq 5; until [ -e {gate} ]; do sleep 0.01; done; seq 6 8")
        cursor = wait_until(lambda: sdbg("status", self.name, json=True).json[0]["cursor"])
        gate.touch()
        sdbg("wait", self.name)
        self.assertEqual(self.lines("--cursor", cursor), ["6", "7", "8"])
        cursor = sdbg("status", self.name, json=True).json[0]["cursor"]
        self.assertEqual(self.lines("--cursor", cursor), [])

    def test_in_json(self):
        self.print("seq 3")
        *lines, last = self.logs("--head", 2, "--show-cursor", json=True).json_lines
        self.assertEqual([line["text"] for line in lines], ["1", "2"])
        self.assertEqual(last["job"], self.name)
        self.assertEqual(self.lines("--cursor", last["cursor"]), ["3"])

    def test_of_several_jobs(self):
        other = unique_name()
        self.print("echo a")
        self.print("echo b", name=other)
        shown = sdbg("logs", "--show-cursor", self.name, other).stdout.splitlines()
        cursors = {c.rpartition(":")[2]: c for c in (line.removeprefix("-- cursor: ") for line in shown[-2:])}
        self.assertEqual(set(cursors), {self.name, other})
        self.usage_error("logs", "--cursor", cursors[other], self.name, other)

    def test_of_another_job(self):
        other = unique_name()
        self.print("echo a")
        self.print("echo b", name=other)
        message = self.usage_error("logs", "--cursor", self.cursor(), other)
        self.assertIn(f"'{self.name}'", message)

    def test_of_another_machine(self):
        self.print("echo a")
        version, machine, rest = self.cursor().split(":", 2)
        elsewhere = f"{int(machine, 16) ^ 1:08x}"
        message = self.usage_error("logs", "--cursor", f"{version}:{elsewhere}:{rest}", self.name)
        self.assertIn("another machine", message)

    def test_that_is_none(self):
        self.print("echo a")
        for text in ("", "12", "s=1;i=2", "s1:", self.cursor() + "/x"):
            with self.subTest(text):
                self.usage_error("logs", "--cursor", text, self.name)

    def test_that_was_vacuumed(self):
        self.print("echo old")
        cursor = self.cursor()
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        harness.root("journal-vacuum")
        self.print("echo new 1; echo new 2")
        shown = self.lines("--cursor", cursor)
        self.assertEqual(shown[1:], ["new 1", "new 2"])
        self.assertRegex(shown[0], r"^… .*vacuumed.* …$")
        first = self.logs("--cursor", cursor, json=True).json_lines[0]
        self.assertEqual((first["missing"], first["reason"]), (None, "vacuumed"))


class Errors(LogTest):
    def test_first_error_of_a_long_build(self):
        noise = [f"[{i}/50000] Building C object src/file{i}.c.o" for i in range(50_000)]
        gcc = sample("gcc")
        failed = gcc[gcc.index("bad.c: In function ‘length’:"):]
        cascade = [f"src/file{i}.c:{i}:1: error: unknown type name ‘thing_t’" for i in range(2000)]
        self.print_lines([*noise[:30_000], *failed, *noise[30_000:], *cascade, "ninja: build stopped: subcommand failed."])
        shown = self.logs("--errors", "--max-bytes", "4000")
        self.assertLessEqual(len(shown.raw), 4000)
        lines = shown.stdout.splitlines()
        self.assertIn("bad.c:11:24: error: ‘struct point’ has no member named ‘z’", lines[:3])
        self.assertIn("   11 |         return p->x + p->z;", lines)
        self.assertEqual(lines[-1], "ninja: build stopped: subcommand failed.")
        self.assertTrue([line for line in lines if re.fullmatch(r"… [\d,]+ lines left out \(max-bytes\) …", line)])

    def test_of_each_tool(self):
        for tool in sorted(file.name for file in SAMPLES.iterdir()):
            with self.subTest(tool):
                self.print_lines(sample(tool))
                marked = [line for line in (SAMPLES / tool).read_text().splitlines()]
                errors = [line[2:] for line in marked if line[0] == "E"]
                lines = self.logs("--errors", json=True).json_lines
                self.assertEqual([l["text"] for l in lines if not l.get("context")], errors)
                shown = {l["text"] for l in lines}
                self.assertLessEqual({line[2:] for line in marked if line[0] == "."}, shown)

    def test_last_ones(self):
        self.print_lines(sample("tsc"))
        self.assertEqual(self.lines("--errors", "-n", 1, "-C", 0), ["Found 4 errors in the same file, starting at: a.ts:2"])

    def test_in_the_status_of_a_failed_job(self):
        gcc = sample("gcc")
        (self.directory / "data").write_text("\n".join([*gcc, *map(str, range(100))]) + "\n")
        self.print("cat data; exit 1", "--cwd", self.directory)
        shown = sdbg("status", self.name).stdout
        self.assertIn("fatal.c:1:10: fatal error: missing.h: No such file or directory", shown)

    def test_of_a_real_build(self):
        (self.directory / "a.c").write_text("int main(void) { return missing; }\n")
        (self.directory / "Makefile").write_text("a: a.c\n\tcc -o a a.c\n")
        self.print(f"seq 1000; make -C {self.directory}; seq 1000")
        shown = self.lines("--errors")
        self.assertTrue([line for line in shown if "error" in line and "missing" in line])
        self.assertTrue([line for line in shown if "Error 1" in line])
        self.assertLess(len(shown), 20)


class Sizes(LogTest):
    def test_all_where_it_fits(self):
        self.print("seq 100")
        whole = self.logs("--all").raw
        self.assertEqual(self.logs("--max-bytes", len(whole)).raw, whole)
        self.assertLess(len(self.logs("--max-bytes", len(whole) - 1).raw), len(whole))

    def test_head_and_tail(self):
        self.print("seq 100000")
        for limit in (200, 201, 1000, 4000, 65536):
            with self.subTest(limit):
                shown = self.logs("--max-bytes", limit)
                self.assertLessEqual(len(shown.raw), limit)
                self.assertGreater(len(shown.raw), limit * 0.5)
                lines = shown.stdout.splitlines()
                [gap] = [i for i, line in enumerate(lines) if line.startswith("…")]
                missing = int(re.search(r"[\d,]+", lines[gap])[0].replace(",", ""))
                self.assertEqual(lines[:gap], [str(i) for i in range(1, gap + 1)])
                self.assertEqual([int(l) for l in lines[gap + 1:]], list(range(gap + missing + 1, 100_001)))

    def test_json_stays_json(self):
        self.print("seq 10000")
        shown = self.logs("--max-bytes", 4000, json=True)
        self.assertLessEqual(len(shown.raw), 4000)
        [gap] = [line for line in shown.json_lines if "missing" in line]
        self.assertEqual(len(shown.json_lines) - 1 + gap["missing"], 10_000)

    def test_lines_of_a_megabyte(self):
        self.print_lines(b"first\n" + "ä".encode() * 500_000 + b"\n" + b"x" * 1_000_000 + b"\nlast\n")
        shown = self.logs("--max-bytes", 4000)
        self.assertLessEqual(len(shown.raw), 4000)
        lines = shown.raw.decode().splitlines()
        self.assertEqual((lines[0], lines[-1]), ("first", "last"))
        self.assertRegex(lines[1], r"^ä+… [\d,]+ bytes …$")
        found = self.logs("-g", "x{1000}", "--max-bytes", 4000)
        self.assertLessEqual(len(found.raw), 4000)
        self.assertEqual(self.lines("--errors"), [])

    def test_too_small(self):
        self.print("echo a")
        for size in ("0", "10", "x", "-1"):
            self.usage_error("logs", "--max-bytes", size, self.name)

    def test_log_without_lines(self):
        self.print("true")
        for options in ([], ["--all"], ["-g", "x"], ["--errors"], ["--collapse"], ["--max-bytes=500"], ["-n", 5],
                        ["--since=-1h"], ["--new=x"], ["-f"]):
            with self.subTest(options):
                self.assertEqual(self.logs(*options).raw, b"")
                self.assertEqual(self.logs(*options, json=True).raw, b"")


class Collapse(LogTest):
    def test_equal_lines_and_progress(self):
        self.print_lines(["start", *["waiting"] * 5, *(f"Compiling {i}/400" for i in range(1, 401)),
                          *(f"[{i}/3] Building {x}.o" for i, x in enumerate("abc", 1)), "done", "done", "end"])
        self.assertEqual(self.lines("--collapse"), ["start", "waiting (×5)", "Compiling 400/400 (×400)",
                                                    "[3/3] Building c.o (×3)", "done (×2)", "end"])
        lines = self.logs("--collapse", json=True).json_lines
        self.assertEqual([line.get("count") for line in lines], [None, 5, 400, 3, 2, None])
        self.assertEqual([line["seq"] for line in lines], [1, 2, 406, 409, 410, 412])

    def test_errors_in_a_progress_are_shown(self):
        self.print_lines(["[1/3] a", "[2/3] x.c:1:1: error: bad", "[3/3] c"])
        self.assertEqual(self.lines("--collapse"), ["[1/3] a", "[2/3] x.c:1:1: error: bad", "[3/3] c"])

    def test_while_following(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c",
             f"echo a; echo a; until [ -e {gate} ]; do sleep 0.01; done; echo a; echo b")
        child = spawn("sdbg", "logs", "-f", "--collapse", self.name)
        shown = child.stdout.readline()
        gate.touch()
        shown += child.communicate()[0]
        counts = [int(n or 1) for n in re.findall(r"^a(?: \(×(\d+)\))?$", shown.decode(), re.M)]
        self.assertEqual(sum(counts), 3)
        self.assertTrue(shown.endswith(b"b\n"))


class Colors(LogTest):
    PRINTED = b"\x1b[31mred\x1b[0m plain\n\x1b[1;32mopen\n\x1b[2J\x1b]0;title\x07end\x1b[K\n"

    def setUp(self):
        super().setUp()
        self.print_lines(self.PRINTED)

    def test_kept_where_asked_for(self):
        kept = b"\x1b[31mred\x1b[0m plain\n\x1b[1;32mopen\x1b[0m\nend\n"
        self.assertEqual(self.logs("--color").raw, kept)
        self.assertEqual(self.logs("--color=always", env={"NO_COLOR": "1"}).raw, kept)
        for options in ([], ["--color=auto"], ["--color=never"]):
            self.assertEqual(self.logs(*options).raw, b"red plain\nopen\nend\n")

    def test_bad_use(self):
        self.usage_error("logs", "--color=pink", self.name)
        self.usage_error("--no-color", "logs", "--color", self.name)

    def on_terminal(self, *command, **env):
        """Return: what a command prints to a terminal."""
        master, slave = pty.openpty()
        child = spawn(*command, stdout=slave, stdin=slave, stderr=slave, env={"TERM": "xterm"} | env)
        os.close(slave)
        shown = b""
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        os.close(master)
        self.assertEqual(child.wait(timeout=30), 0)
        return shown.replace(b"\r\n", b"\n")

    def test_on_a_terminal(self):
        shown = self.on_terminal("sdbg", "logs", "--no-pager", self.name)
        self.assertIn(b"\x1b[31mred\x1b[0m", shown)
        for options, env in (([], {"NO_COLOR": "1"}), (["--no-color"], {})):
            shown = self.on_terminal("sdbg", "logs", "--no-pager", *options, self.name, **env)
            self.assertEqual(shown, b"red plain\nopen\nend\n")

    def test_pager(self):
        file = self.directory / "paged"
        for variables in ({"SDBG_PAGER": f"cat >{file}", "PAGER": "false"},
                          {"SDBG_PAGER": None, "PAGER": f"cat >{file}"}):
            shown = self.on_terminal("sdbg", "logs", self.name, **variables)
            self.assertEqual(shown, b"")
            self.assertIn(b"red", file.read_bytes())
            file.unlink()
        for variables in ({"PAGER": "cat"}, {"PAGER": ""}, {"PAGER": "false", "TERM": "dumb"}):
            self.assertIn(b"plain", self.on_terminal("sdbg", "logs", self.name, **variables))
        self.assertIn(b"plain", self.on_terminal("sdbg", "logs", "-f", self.name, PAGER="false"))

    def test_no_pager_installed(self):
        (self.directory / "cat").symlink_to(shutil.which("cat"))
        for env in ({"PAGER": "no-such-pager -x"}, {"PATH": str(self.directory), "PAGER": None, "SDBG_PAGER": None}):
            self.assertIn(b"plain", self.on_terminal(shutil.which("sdbg"), "logs", self.name, **env))

    def test_pager_that_is_left_early(self):
        self.print("seq 100000")
        shown = self.on_terminal("sdbg", "logs", self.name, PAGER="head -n 1")
        self.assertEqual(shown, b"1\n")


class Jobs(LogTest):
    def test_in_the_order_of_time(self):
        jobs = [unique_name() for _ in range(3)]
        for i in range(2):
            for job in jobs:
                self.print(f"echo {i}", name=job)
        shown = sdbg("logs", "--run=all", *jobs).stdout.splitlines()
        self.assertEqual(shown, [f"{job} | {i}" for i in range(2) for job in jobs])

    def test_search_in_all(self):
        jobs = [unique_name() for _ in range(25)]
        for i, job in enumerate(jobs):
            self.print(f"echo needle {i}; echo hay", name=job)
        shown = sdbg("logs", "--all-jobs", "-g", "needle").stdout.splitlines()
        self.assertEqual(shown[-25:], [f"{job} | needle {i}" for i, job in enumerate(jobs)])
        shown = sdbg("logs", "--all-jobs", "-g", "needle", "-n", 3).stdout.splitlines()
        self.assertEqual(shown, [f"{job} | needle {i}" for i, job in list(enumerate(jobs))[-3:]])

    def test_names(self):
        self.print("echo a")
        error = sdbg("logs", self.name + "x", exits=3, json=True).json["error"]
        self.assertIn(self.name, error["hint"])
        self.usage_error("logs")
        self.usage_error("logs", "--all-jobs", self.name)


class Contradictions(LogTest):
    def test_they_are_told(self):
        for options in (["-n", 1, "--head", 1], ["--all", "-n", 1], ["--run=-1", "--new"], ["--cursor=x", "--new"],
                        ["-g", "x", "--errors"], ["--raw", "--collapse"], ["--raw", "-t"], ["-f", "--max-bytes=500"],
                        ["--json", "--raw"], ["--new=a/b"], ["--new=" + "x" * 200]):
            with self.subTest(options):
                self.usage_error("logs", *options, "any")


class Clear(LogTest):
    def test_later_logs_start_there(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c", f"seq 3; until [ -e {gate} ]; do sleep 0.01; done; seq 4 5")
        wait_until(lambda: len(self.lines()) == 3)
        sdbg("clear", self.name)
        self.assertEqual(self.lines(), [])
        self.assertEqual(self.lines("--new=x"), [])
        gate.touch()
        sdbg("wait", self.name)
        self.assertEqual(self.lines(), ["4", "5"])
        self.assertEqual(self.lines("-n", 5), ["4", "5"])
        self.assertEqual(self.lines("--head", 1), ["4"])
        self.assertEqual(self.lines("-g", "."), ["4", "5"])
        self.assertEqual(self.lines("--new=x"), ["4", "5"])
        self.assertEqual(self.lines("--all"), ["1", "2", "3", "4", "5"])
        self.assertEqual(self.lines("--run=0"), ["1", "2", "3", "4", "5"])
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        self.assertEqual(self.lines(), ["4", "5"])
        self.print("echo next run")
        self.assertEqual(self.lines(), ["next run"])

    def test_record(self):
        self.print("seq 3")
        job = sdbg("clear", self.name, json=True).json[0]
        self.assertEqual((job["name"], job["lines"]), (self.name, 3))
        [record] = self.journal.of_job(self.name, "SDBG_EVENT=clear")
        self.assertEqual(json.loads(record["SDBG_RECORD"])["lines"], 3)
        self.assertIn(self.name, record["MESSAGE"])

    def test_bad_names(self):
        self.usage_error("clear")
        sdbg("clear", self.name, exits=3)


class Golden(LogTest):
    """What is printed, to the letter."""

    def check(self, file, text):
        text = re.sub(self.name, "build", text)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d", "TIME", text)
        text = re.sub(r"\b[0-9a-f]{32}\b", "RUN", text)
        text = re.sub(r"s1:[0-9a-f]{8}:RUN:\d+:", "s1:MACHINE:RUN:STARTED:", text)
        self.assertEqual(text, (GOLDEN / file).read_text())

    def test_shown(self):
        self.print_lines([*sample("gcc"), *["warning: slow"] * 3, *(f"[{i}/9] Linking" for i in range(1, 10)), "\x1b[1mend"])
        options = ["--collapse", "--errors"], ["--collapse", "-n", 4, "-t", "--show-cursor"], ["--max-bytes", "600"]
        self.check("logs.txt", "".join(f"$ sdbg logs {' '.join(map(str, o))} build\n{self.logs(*o).stdout}" for o in options))
        self.check("logs.json", self.logs("--collapse", "-n", 4, "--show-cursor", json=True).stdout +
                   self.logs("-g", "fatal", "-C", 1, json=True).stdout)


if __name__ == "__main__":
    harness.main()
