#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Readers that ask for what is new: each gets every line once, whatever happens in between."""

import os
import pathlib
import signal

import harness
from harness import sdbg, spawn, unique_name, wait_until


class ReaderTest(harness.JobTest):
    def setUp(self):
        super().setUp()
        self.gates = 0

    def start(self, script):
        sdbg("start", "--name", self.name, "--settle=0", "--", "sh", "-c", f"cd {self.directory}; {script}")

    def gate(self):
        """Shell code that waits until pass_gate() is called."""
        self.gates += 1
        return f"until [ -e gate{self.gates} ]; do sleep 0.01; done"

    def pass_gate(self, number):
        (self.directory / f"gate{number}").touch()

    def new(self, reader, *options, **more):
        return sdbg("logs", f"--new={reader}", *options, self.name, **more).stdout.splitlines()

    def forget(self):
        wait_until(lambda: not harness.job_units())
        sdbg("clean", self.name)


class New(ReaderTest):
    def test_each_line_once(self):
        self.start(f"seq 3; {self.gate()}; seq 4 5")
        shown = []
        wait_until(lambda: shown.extend(self.new("a")) or len(shown) == 3)
        self.assertEqual(self.new("a"), [])
        self.pass_gate(1)
        sdbg("wait", self.name)
        self.assertEqual(self.new("a"), ["4", "5"])
        self.assertEqual(self.new("a"), [])
        self.assertEqual(self.new("b"), ["1", "2", "3", "4", "5"])
        self.assertEqual(self.new("b"), [])

    def test_plain_reading_takes_nothing_away(self):
        self.start("seq 3")
        sdbg("wait", self.name)
        sdbg("logs", self.name)
        sdbg("logs", "--cursor", sdbg("logs", "--show-cursor", self.name).stdout.split()[-1])
        self.assertEqual(self.new("a"), ["1", "2", "3"])

    def test_later_runs(self):
        self.start("echo one")
        sdbg("wait", self.name)
        self.assertEqual(self.new("a"), ["one"])
        for text in "two", "three":
            self.start(f"echo {text}")
            sdbg("wait", self.name)
        self.assertEqual(self.new("a"), ["two", "three"])

    def test_more_lines_than_are_shown_by_default(self):
        self.start("seq 1000")
        sdbg("wait", self.name)
        self.assertEqual(len(self.new("a")), 1000)

    def test_in_portions(self):
        self.start("seq 10")
        sdbg("wait", self.name)
        self.assertEqual(self.new("a", "--head", 4), ["1", "2", "3", "4"])
        self.assertEqual(self.new("a", "--head", 4), ["5", "6", "7", "8"])
        self.assertEqual(self.new("a", "-n", 1), ["10"])
        self.assertEqual(self.new("a"), [])

    def test_filter_takes_nothing_away(self):
        self.start(f"seq 10; {self.gate()}; seq 11 20")
        shown = []
        wait_until(lambda: shown.extend(self.new("a", "-g", "0$")) or shown == ["10"])
        self.assertEqual(self.new("a", "-g", "0$"), [])
        self.assertEqual(self.new("a"), [str(i) for i in range(1, 11)])
        self.pass_gate(1)
        sdbg("wait", self.name)
        self.assertEqual(self.new("a", "-g", "0$"), ["20"])
        self.assertEqual(self.new("a"), [str(i) for i in range(11, 21)])

    def test_several_jobs(self):
        other = unique_name()
        self.start("echo a")
        sdbg("start", "--name", other, "--settle=60", "echo", "b")
        sdbg("wait", self.name)
        self.assertEqual(sdbg("logs", "--new=x", self.name, other).stdout, f"{self.name} | a\n{other} | b\n")
        self.assertEqual(sdbg("logs", "--new=x", self.name, other).stdout, "")
        self.assertEqual(self.new("x"), [])

    def test_calls_at_the_same_time(self):
        self.start("seq 2000")
        sdbg("wait", self.name)
        calls = [spawn("sdbg", "logs", "--new=a", "--head=300", self.name) for _ in range(8)]
        shown = [line for call in calls for line in call.communicate()[0].decode().split()]
        self.assertEqual(sorted(map(int, shown)), list(range(1, 2001)))

    def test_unfinished_line(self):
        self.start(f"printf 'Continue? '; {self.gate()}; echo yes; {self.gate()}; printf 'the end'")
        wait_until(lambda: self.new("a") == ["Continue? "])
        self.assertEqual(self.new("a"), [])
        self.pass_gate(1)
        wait_until(lambda: self.new("a") == ["Continue? yes"])
        self.assertEqual(self.new("a"), [])
        self.pass_gate(2)
        sdbg("wait", self.name)
        self.assertEqual(self.new("a"), ["the end"])
        self.assertEqual(self.new("a"), [])
        self.forget()
        self.assertEqual(self.new("a"), [])

    def test_unfinished_line_beside_another_stream(self):
        self.start(f"printf one; {self.gate()}; echo a >&2; {self.gate()}; echo ' two'; echo b >&2")
        wait_until(lambda: self.new("a") == ["one"])
        self.pass_gate(1)
        wait_until(lambda: self.new("a") == ["a"])
        self.pass_gate(2)
        sdbg("wait", self.name)
        self.assertEqual(sorted(self.new("a")), ["b", "one two"])

    def test_exact_bytes(self):
        self.start(f"printf 'a\\377\\nunfin'; {self.gate()}; printf 'ished\\n\\0'")
        read = bytearray()

        def more():
            read.extend(sdbg("logs", "--new=a", "--raw", self.name).raw)
            return bytes(read)
        wait_until(lambda: more().endswith(b"unfin"))
        self.pass_gate(1)
        sdbg("wait", self.name)
        self.assertEqual(more(), b"a\xff\nunfinished\n\0")
        self.assertEqual(more(), b"a\xff\nunfinished\n\0")


class Disturbed(ReaderTest):
    """While a job prints, its readers read, and journald is disturbed."""

    LINES = 4000

    def follow_to_the_end(self, disturb, readers="ab"):
        self.start(f"i=0; while [ $i -lt {self.LINES} ]; do i=$((i+1)); echo line $i; "
                   f"[ $((i % 100)) -gt 0 ] || sleep 0.05; done")
        seen = {reader: [] for reader in readers}
        rounds = 0
        while len(seen[readers[-1]]) < self.LINES:
            reader = readers[rounds % len(readers)]
            seen[reader] += self.new(reader)
            if rounds % 10 == 5:
                disturb()
            rounds += 1
        sdbg("wait", self.name)
        for reader in readers:
            seen[reader] += self.new(reader)
            self.assertEqual(seen[reader], [f"line {i}" for i in range(1, self.LINES + 1)])

    def test_rotation(self):
        self.follow_to_the_end(lambda: harness.root("journal-rotate"))

    def test_restart_of_journald(self):
        self.follow_to_the_end(lambda: harness.root("journald-restart"))

    def test_journald_is_killed(self):
        self.follow_to_the_end(lambda: harness.root("journald-kill"), "abc")

    def test_after_the_ring_is_gone(self):
        self.start("seq 1000")
        sdbg("wait", self.name)
        shown = self.new("a", "--head", 300)
        self.forget()
        harness.root("journal-rotate")
        shown += self.new("a", "--head", 300)
        harness.root("journald-restart")
        shown += self.new("a")
        self.assertEqual(shown, [str(i) for i in range(1, 1001)])

    def test_vacuum(self):
        self.start("echo old")
        sdbg("wait", self.name)
        self.assertEqual(self.new("a"), ["old"])
        self.forget()
        harness.root("journal-vacuum")
        self.start("echo new")
        sdbg("wait", self.name)
        shown = self.new("a")
        self.assertEqual(shown[-1], "new")
        self.assertIn("vacuumed", shown[0])
        self.assertEqual(self.new("a"), [])


class Follow(ReaderTest):
    def test_what_was_followed_is_read(self):
        self.start(f"seq 3; {self.gate()}; seq 4 6")
        child = spawn("sdbg", "logs", "-f", "--new=a", self.name)
        self.assertEqual([child.stdout.readline() for _ in range(3)], [b"1\n", b"2\n", b"3\n"])
        mark = pathlib.Path.home() / f".local/state/sdbg/readers/a@log.{self.name}"
        wait_until(lambda: mark.exists() and f":3:{self.name}" in mark.read_text(), what="line 3 marked as read")
        child.send_signal(signal.SIGINT)
        child.wait(timeout=30)
        self.assertEqual(self.new("a"), [])
        self.pass_gate(1)
        child = spawn("sdbg", "logs", "-f", "--new=a", self.name)
        self.assertEqual(child.communicate()[0], b"4\n5\n6\n")
        self.assertEqual(self.new("a"), [])

    def test_what_could_not_be_written_is_not_read(self):
        self.start("seq 100000")
        sdbg("wait", self.name)
        child = spawn("sdbg", "logs", "--new=a", self.name)
        child.stdout.readline()
        child.stdout.close()
        self.assertIn(child.wait(timeout=30), (0, -signal.SIGPIPE))
        self.assertEqual(len(self.new("a")), 100_000)
        with open("/dev/full", "w") as full:
            child = spawn("sdbg", "logs", "--new=b", self.name, stdout=full)
            self.assertEqual(child.wait(timeout=30), 1)
        self.assertEqual(len(self.new("b")), 100_000)


class Names(ReaderTest):
    def setUp(self):
        super().setUp()
        self.start("echo a")
        sdbg("wait", self.name)

    def readers(self):
        files = (pathlib.Path.home() / ".local/state/sdbg/readers").glob(f"*@log.{self.name}")
        return {file.name.partition("@")[0] for file in files}

    def test_of_an_agent(self):
        env = dict.fromkeys(("CLAUDE_CODE_SESSION_ID", "CODEX_SESSION_ID", "CODEX_THREAD_ID", "OPENCODE_SESSION_ID",
                             "OPENCODE_PID"))
        for variable, reader in (("CLAUDE_CODE_SESSION_ID", "claude:s-1"), ("CODEX_SESSION_ID", "codex:s-1"),
                                 ("OPENCODE_SESSION_ID", "opencode:s-1")):
            with self.subTest(variable):
                changed = env | {variable: "s-1"}
                self.assertEqual(sdbg("logs", "--new", self.name, env=changed).stdout, "a\n")
                self.assertEqual(sdbg("logs", "--new", self.name, env=changed).stdout, "")
                self.assertIn(reader, self.readers())

    def test_bad_ones(self):
        for name in ("a/b", "../x", "a b", "x" * 129):
            error = sdbg("logs", f"--new={name}", self.name, exits=2, json=True).json["error"]
            self.assertEqual(error["code"], "usage")

    def test_where_they_are_kept(self):
        sdbg("logs", "--new=a", self.name, env={"XDG_STATE_HOME": str(self.directory)})
        [file] = (self.directory / "sdbg/readers").glob("*@*")
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.assertEqual(self.new("a"), ["a"])

    def test_damaged_file(self):
        self.new("a")
        file = pathlib.Path.home() / f".local/state/sdbg/readers/a@log.{self.name}"
        file.write_text("nonsense")
        self.assertEqual(self.new("a"), ["a"])


if __name__ == "__main__":
    harness.main()
