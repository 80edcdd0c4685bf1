#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What jobs print: where it is found, that it is whole, and how it is picked out."""

import base64
import hashlib
import re

import harness
from harness import run, sdbg, spawn, unique_name, wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d"


class OutputTest(harness.JobTest):
    def print(self, script, *arguments):
        """Runs a shell script as the job of the test, to its end."""
        sdbg("start", "--name", self.name, "--settle=0", "--", "sh", "-c", script, "sh", *arguments)
        sdbg("wait", self.name, exits=None)

    def print_bytes(self, data, *options):
        file = self.directory / "data"
        file.write_bytes(data)
        sdbg("start", "--name", self.name, "--settle=0", *options, "--", "cat", file)
        sdbg("wait", self.name)

    def logs(self, *options, **more):
        return sdbg("logs", *options, self.name, **more)

    def forget(self):
        """From now on there is only the journal."""
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)
        self.assertFalse((harness.RUNTIME / "sdbg/jobs" / self.name).exists())

    def lines(self, *options):
        return self.logs(*options).stdout.splitlines()


class Journal(OutputTest):
    def journalctl(self, *matches):
        """What a person sees: the messages, without those of the manager and of sdbg itself."""
        harness.root("journal-sync")
        shown = run("journalctl", "--user", "--quiet", "--output=cat", *self.journal.since, *matches).stdout
        return [line for line in shown.splitlines() if line.startswith("line")]

    def test_is_found_in_three_ways(self):
        self.print("echo line 1; echo line 2 >&2; sleep 0.1; echo 'line\t3 ü'")
        wanted = ["line\t3 ü", "line 1", "line 2"]
        for matches in (["--unit", harness.unit_of(self.name)], ["--unit", "bgjob-*"],
                        ["--identifier", self.name], [f"SDBG_JOB={self.name}"]):
            with self.subTest(matches):
                self.assertEqual(sorted(self.journalctl(*matches)), wanted)
        self.assertEqual(sorted(self.lines("--all")), wanted)

    def test_is_shown_by_systemctl_status(self):
        sdbg("start", "--name", self.name, "-c", "echo line 1; exec sleep 1000")
        harness.root("journal-sync")
        shown = harness.systemctl_user("status", harness.unit_of(self.name)).stdout
        self.assertIn(f"{self.name}[", shown)
        self.assertIn(": line 1\n", shown)

    def test_fields(self):
        sdbg("start", "--name", self.name, "--label", "a=b", "--label", "c=d", "-c", "echo out; sleep 0.2; echo err >&2",
             "--settle=60")
        run_id = sdbg("status", self.name, json=True).json[0]["run"]
        out, err = [e for e in self.journal.of_job(self.name) if "SDBG_STREAM" in e]
        for entry in out, err:
            self.assertEqual((entry["SDBG"], entry["SDBG_RUN"], entry["SYSLOG_IDENTIFIER"], entry["SDBG_LINES"]),
                             ("1", run_id, self.name, "1"))
            self.assertEqual(entry["_SYSTEMD_INVOCATION_ID"], run_id)
            self.assertEqual(sorted(entry["SDBG_LABEL"]), ["a=b", "c=d"])
            self.assertNotIn("SDBG_RAW", entry)
        self.assertEqual([out[f] for f in ("MESSAGE", "SDBG_STREAM", "PRIORITY", "SDBG_SEQ", "SDBG_OFFSET")],
                         ["out", "stdout", "6", "1", "0"])
        self.assertEqual([err[f] for f in ("MESSAGE", "SDBG_STREAM", "PRIORITY", "SDBG_SEQ", "SDBG_OFFSET")],
                         ["err", "stderr", "5", "2", "0"])

    def test_message_is_readable_and_raw_is_exact(self):
        data = b"\x1b[31mred\x1b[0m \xff\xfe a\x00b\n10%\r50%\r100%\n<3>error\n"
        self.print_bytes(data)
        entries = [e for e in self.journal.of_job(self.name) if "SDBG_STREAM" in e]
        raw = b"".join(harness.octets(e.get("SDBG_RAW")) or harness.octets(e["MESSAGE"]) + b"\n" for e in entries)
        self.assertEqual(raw.rstrip(b"\n"), data.rstrip(b"\n"))
        text = "\n".join(e["MESSAGE"] for e in entries)
        self.assertNotRegex(text, r"[\x00-\x08\x0b-\x1f\x7f]")
        self.assertRegex(text, r"^red .* a.*b\n100%\n<3>error$")

    def test_first_and_last_line_of_the_shortest_jobs(self):
        jobs = [unique_name() for _ in range(100)]
        for job in jobs:
            sdbg("start", "--name", job, "--settle=0", "--", "printf", "line first %s\nline last %s\n", job, job)
        for job in jobs:
            sdbg("wait", job)
        entries = self.journal.entries("SDBG=1", "SDBG_STREAM=stdout")
        found = {}
        for entry in entries:
            self.assertEqual(entry.get("_SYSTEMD_USER_UNIT"), harness.unit_of(entry["SDBG_JOB"]))
            found.setdefault(entry["SDBG_JOB"], []).extend(entry["MESSAGE"].splitlines())
        self.assertEqual(found, {job: [f"line first {job}", f"line last {job}"] for job in jobs})
        self.assertEqual(self.journalctl("--unit", harness.unit_of(jobs[-1])), found[jobs[-1]])


class Bytes(OutputTest):
    """`logs --raw` gives back what was printed, byte for byte."""

    def check(self, data):
        self.print_bytes(data)
        raw = self.logs("--raw", "--all").raw
        self.assertEqual((len(raw), hashlib.sha256(raw).hexdigest()), (len(data), hashlib.sha256(data).hexdigest()))
        self.forget()
        self.assertEqual(hashlib.sha256(self.logs("--raw", "--all").raw).hexdigest(), hashlib.sha256(data).hexdigest())

    def test_nothing(self):
        self.check(b"")

    def test_blank_lines(self):
        self.check(b"\n\na\n\n\nb\n \n\t\n\n")

    def test_only_blank_lines(self):
        self.check(b"\n\n\n")

    def test_no_newline_at_the_end(self):
        self.check(b"a\nb")

    def test_no_line_at_all(self):
        self.check(b"a")

    def test_prefixes_that_journald_would_take(self):
        self.check(b"<3>error\n<7>debug\n<99>x\n3>\n")

    def test_white_space(self):
        self.check(b"\ttab\n  lead\ntrail  \t\n\x0b\x0c\n")

    def test_bytes_that_are_no_text(self):
        self.check(b"\xff\xfe\x80\n\xc3(\n\xed\xa0\x80\n\xf5\x80\x80\x80\nok\n")

    def test_nul_bytes(self):
        self.check(b"a\0b\0\n\0\n\0\0c\n\0")

    def test_carriage_returns_and_escapes(self):
        self.check(b"a\r\nb\r10%\r20%\r\n\x1b[2J\x1b]0;title\x07x\n\x1b[31m\n")

    def test_all_bytes(self):
        self.check(bytes(range(256)) * 300)

    def test_lines_of_one_megabyte(self):
        self.check((b"a" * 1_000_000 + b"\n") * 3 + b"short\n" + b"\xff" * 1_000_000 + b"\nend")

    def test_many_lines(self):
        self.check(b"".join(b"line %d\n" % i for i in range(100_000)))

    def test_long_line_without_end(self):
        self.check(b"x" * 3_000_000)

    def test_fields_of_the_native_protocol(self):
        self.check(b"MESSAGE=x\nPRIORITY=0\n\nSDBG_JOB=other\n")

    def test_bytes_of_both_streams(self):
        self.print("for i in 1 2 3 4 5 6 7 8 9; do printf 'a\\377%d\\n' $i; printf 'b\\0%d\\n' $i >&2; done")
        out = b"".join(b"a\xff%d\n" % i for i in range(1, 10))
        self.assertEqual(self.logs("--raw", "--all", "--stream=stdout").raw, out)
        err = b"".join(b"b\0%d\n" % i for i in range(1, 10))
        self.assertEqual(self.logs("--raw", "--all", "--stream", "stderr").raw, err)


class Text(OutputTest):
    def test_no_escapes_reach_the_reader(self):
        self.print_bytes(b"\x1b[31mred\x1b[0m\n\x1b]0;title\x07after\n10%\r100%\nbell\x07\n\x1b[2Jcleared\n")
        self.assertEqual([re.sub("�", "", line) for line in self.lines()], ["red", "after", "100%", "bell", "cleared"])

    def test_line_that_has_no_end_yet(self):
        sdbg("start", "--name", self.name, "-c", "printf 'Continue? '; exec sleep 1000")
        wait_until(lambda: self.logs().stdout == "Continue? \n")

    def test_stream_of_a_traceback(self):
        self.print("echo before; python3 -c 'def f(): raise ValueError(\"bad thing\")\nf()'; echo after")
        shown = self.lines("--stream", "stderr")
        self.assertEqual(shown[0], "Traceback (most recent call last):")
        self.assertEqual(shown[-1], "ValueError: bad thing")
        self.assertEqual(self.lines("--stream=stdout"), ["before", "after"])
        self.assertEqual(self.lines("--stream=stderr", "-n", "1"), ["ValueError: bad thing"])

    def test_each_stream_keeps_its_order(self):
        self.print("for i in $(seq 100); do echo a$i; echo b$i >&2; done")
        shown = self.lines("--all")
        for stream in "ab":
            self.assertEqual([l for l in shown if l[0] == stream], [f"{stream}{i}" for i in range(1, 101)])
        self.assertEqual(len(shown), 200)

    def test_outputs_are_never_mixed(self):
        jobs = [unique_name() for _ in range(4)]
        for job in jobs:
            sdbg("start", "--name", job, "--settle=0", "-c", f"for i in $(seq 2000); do echo {job} $i; done")
        for job in jobs:
            sdbg("wait", job)
            self.assertEqual(sdbg("logs", "--all", job).stdout, "".join(f"{job} {i}\n" for i in range(1, 2001)))
        both = sdbg("logs", "--all", *jobs[:2]).stdout.splitlines()
        for job in jobs[:2]:
            self.assertEqual([l for l in both if l.startswith(f"{job} | ")],
                             [f"{job} | {job} {i}" for i in range(1, 2001)])
        self.assertEqual(len(both), 4000)

    def test_name_that_begins_with_anothers(self):
        longer = f"{self.name}-2"
        sdbg("start", "--name", longer, "echo", "of the longer")
        sdbg("start", "--name", self.name, "echo", "of the shorter")
        self.assertEqual(self.lines(), ["of the shorter"])


class Picks(OutputTest):
    def setUp(self):
        super().setUp()
        self.print("for i in $(seq 300); do echo line $i; done; echo Error: one >&2; sleep 0.1; echo line 301")
        self.all = [f"line {i}" for i in range(1, 301)] + ["Error: one", "line 301"]

    def test_last_200_by_default(self):
        self.assertEqual(self.lines(), self.all[-200:])

    def test_all(self):
        self.assertEqual(self.lines("--all"), self.all)

    def test_some(self):
        for n in (1, 2, 200, 301, 302, 303, 100_000):
            with self.subTest(n):
                self.assertEqual(self.lines("-n", n), self.all[-n:])
                self.assertEqual(self.lines(f"--lines={n}"), self.all[-n:])
                self.assertEqual(self.lines("--head", n), self.all[:n])

    def test_from_the_journal_alone(self):
        self.forget()
        self.assertEqual(self.lines("--all"), self.all)
        self.assertEqual(self.lines("-n", 3), self.all[-3:])
        self.assertEqual(self.lines("--head", 3), self.all[:3])
        self.assertEqual(self.lines(), self.all[-200:])

    def test_none(self):
        self.assertEqual(self.lines("-n", 0), [])
        self.assertEqual(self.lines("--head", 0), [])

    def test_bad_numbers(self):
        for option in ("-n-1", "-nx", "--head=-1", "--head=x", "-n"):
            with self.subTest(option):
                self.logs(option, exits=2)

    def test_matching(self):
        self.assertEqual(self.lines("--all", "-g", "^line 29"), ["line 29"] + [f"line {i}" for i in range(290, 300)])
        self.assertEqual(self.lines("-g", "error"), [])
        self.assertEqual(self.lines("-i", "-g", "error"), ["Error: one"])
        self.assertEqual(self.lines("-v", "-g", r"line \d+$"), ["Error: one"])
        self.assertEqual(self.lines("-g", "line", "-n", "2"), ["line 300", "line 301"])
        self.assertEqual(self.lines("-g", "line", "--head", "2"), ["line 1", "line 2"])
        self.assertEqual(self.lines("-g", "30", "--stream=stdout"), ["line 30", *(f"line {i}" for i in (130, 230, 300, 301))])

    def test_bad_expressions(self):
        error = self.logs("-g", "a(", exits=2, json=True).json["error"]
        self.assertEqual(error["code"], "usage")

    def test_bad_streams(self):
        self.logs("--stream", "stdin", exits=2)

    def test_timestamps(self):
        for line, text in zip(self.lines("-t", "-n", "3"), self.all[-3:]):
            self.assertRegex(line, f"^{TIME} {re.escape(text)}$")

    def test_json(self):
        lines = self.logs("--all", json=True).json_lines
        self.assertEqual([line["text"] for line in lines], self.all)
        self.assertEqual([line["seq"] for line in lines], list(range(1, 303)))
        self.assertEqual({line["stream"] for line in lines}, {"stdout", "stderr"})
        for line in lines:
            self.assertEqual(sorted(line), sorted(["job", "run", "seq", "time", "stream", "text"]))
            self.assertEqual(line["job"], self.name)
            self.assertRegex(line["time"], f"^{TIME}$")
        run_id = sdbg("status", self.name, json=True).json[0]["run"]
        self.assertEqual({line["run"] for line in lines}, {run_id})


class Json(OutputTest):
    def test_raw_only_where_it_differs(self):
        data = [b"plain", b"\xff\x00", b"\x1b[1mbold\x1b[0m", "ü\t".encode(), b""]
        self.print_bytes(b"\n".join(data) + b"\n")
        lines = self.logs(json=True).json_lines
        self.assertEqual([base64.b64decode(l["raw"]) if "raw" in l else l["text"].encode() for l in lines], data)
        self.assertEqual(["raw" in line for line in lines], [False, True, True, False, False])


class Follow(OutputTest):
    def follow(self, *options):
        return spawn("sdbg", "logs", "-f", *options, self.name)

    def test_until_the_end(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c", f"echo before; until [ -e {gate} ]; do sleep 0.01; done; echo after")
        child = self.follow()
        self.assertEqual(child.stdout.readline(), b"before\n")
        gate.touch()
        self.assertEqual(child.communicate(), (b"after\n", b""))
        self.assertEqual(child.returncode, 0)

    def test_of_ended_job(self):
        self.print("echo a; echo b")
        self.assertEqual(self.lines("-f"), ["a", "b"])

    def test_of_ended_job_without_files(self):
        self.print("echo a; echo b")
        self.forget()
        self.assertEqual(self.lines("-f"), ["a", "b"])

    def test_all_of_many_lines(self):
        sdbg("start", "--name", self.name, "--settle=0", "-c", "for i in $(seq 20000); do echo $i; done")
        self.assertEqual(self.logs("-f", "--all").stdout, "".join(f"{i}\n" for i in range(1, 20001)))

    def test_picks_and_json(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c", f"echo a; echo b; until [ -e {gate} ]; do sleep 0.01; done; echo a2")
        text, json = self.follow("-g", "a"), spawn("sdbg", "--json", "logs", "-f", "-n1", self.name)
        self.assertEqual(text.stdout.readline(), b"a\n")
        self.assertIn(b'"b"', json.stdout.readline())
        gate.touch()
        self.assertEqual(text.communicate()[0], b"a2\n")
        self.assertIn(b'"a2"', json.communicate()[0])

    def test_ends_when_supervisor_is_killed(self):
        sdbg("start", "--name", self.name, "-c", "echo a; exec sleep 1000")
        child = self.follow()
        self.assertEqual(child.stdout.readline(), b"a\n")
        harness.systemctl_user("kill", "--kill-who=main", "--signal=KILL", harness.unit_of(self.name))
        self.assertEqual(child.wait(timeout=30), 0)

    def test_line_without_end_is_shown_once(self):
        gate = self.directory / "gate"
        sdbg("start", "--name", self.name, "-c", f"printf 'ask '; until [ -e {gate} ]; do sleep 0.01; done; echo answered")
        child = self.follow()
        self.assertEqual(child.stdout.read(4), b"ask ")
        gate.touch()
        self.assertEqual(child.communicate()[0], b"answered\n")

    def test_reader_that_goes_away(self):
        sdbg("start", "--name", self.name, "-c", "while :; do echo line; sleep 0.01; done")
        child = self.follow()
        child.stdout.readline()
        child.stdout.close()
        self.assertIn(child.wait(timeout=30), (0, -13))
        self.assertEqual(child.stderr.read(), b"")


class Runs(OutputTest):
    def setUp(self):
        super().setUp()
        self.runs = []
        for text in ("one", "two", "three"):
            sdbg("start", "--name", self.name, "--settle=60", "echo", text)
            self.runs.append(sdbg("status", self.name, json=True).json[0]["run"])

    def test_last_by_default(self):
        self.assertEqual(self.lines(), ["three"])

    def test_earlier_ones(self):
        self.assertEqual(self.lines("--run", "-1"), ["two"])
        self.assertEqual(self.lines("--run=-2"), ["one"])
        self.assertEqual(self.lines("--run=0"), ["three"])
        self.logs("--run=-3", exits=2)

    def test_all_of_them(self):
        self.assertEqual(self.lines("--run", "all"), ["one", "two", "three"])
        self.assertEqual([l["run"] for l in self.logs("--run=all", json=True).json_lines], self.runs)

    def test_by_id(self):
        self.assertEqual(self.lines("--run", self.runs[0]), ["one"])
        self.assertEqual(self.lines("--run", self.runs[1][:12]), ["two"])
        self.logs("--run", "0123456789abcdef0123456789abcdef", exits=2)

    def test_bad_ones(self):
        for which in ("-x", "", "-1x", "--1"):
            with self.subTest(which):
                self.logs(f"--run={which}", exits=2)

    def test_while_another_runs(self):
        sdbg("start", "--name", self.name, "-c", "echo four; exec sleep 1000")
        self.assertEqual(self.lines("--run=-1"), ["three"])
        self.assertEqual(self.lines("--run=all"), ["one", "two", "three", "four"])

    def test_after_rotation(self):
        harness.root("journal-rotate")
        self.assertEqual(self.lines("--run", "all"), ["one", "two", "three"])


class Names(OutputTest):
    def test_several_with_prefix(self):
        other = unique_name()
        sdbg("start", "--name", self.name, "--settle=60", "echo", "a")
        sdbg("start", "--name", other, "--settle=60", "echo", "b")
        self.assertEqual(sdbg("logs", self.name, other).stdout, f"{self.name} | a\n{other} | b\n")

    def test_glob(self):
        sdbg("start", "--name", self.name, "--settle=60", "echo", "a")
        self.assertEqual(sdbg("logs", f"{self.name}*").stdout, f"{self.name} | a\n")

    def test_unknown(self):
        error = self.logs(exits=3, json=True).json["error"]
        self.assertEqual(error["code"], "no-such-job")


if __name__ == "__main__":
    harness.main()
