#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`sdbg top`: the table, its keys, and the terminal as it was when it is left."""

import os
import re
import signal

import harness
from harness import sdbg, unique_name, wait_until
from terminal import Terminal

COUNT = "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done"
BURN = "while :; do :; done"
LEFT = b"\x1b[?1049l"


class Once(harness.SystemTest):
    def test_table(self):
        burn, idle = unique_name("burn"), unique_name("idle")
        sdbg("start", "-n", burn, "-c", BURN)
        sdbg("start", "-n", idle, "-c", "echo hello; exec sleep 1000")
        lines = sdbg("top", "-d", "300ms").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "CPU%", "MEMORY", "TASKS", "PORTS", "LAST", "LINE"])
        self.assertRegex(lines[1], rf"^{burn} +running +[1-9]\d*\.\d ")
        self.assertRegex(lines[2], rf"^{idle} +running +0\.\d +\S+ +1 +- +hello$")

    def test_json(self):
        burn, idle = unique_name("burn"), unique_name("idle")
        sdbg("start", "-n", burn, "-c", BURN)
        sdbg("start", "-n", idle, "sleep", "1000")
        jobs = {job["name"]: job for job in sdbg("top", "-d", "300ms", json=True).json}
        self.assertGreater(jobs[burn]["cpu_percent"], 1)
        self.assertLess(jobs[idle]["cpu_percent"], jobs[burn]["cpu_percent"])
        self.assertEqual(jobs[idle]["tasks"], 1)

    def test_selection(self):
        one, two = unique_name("one"), unique_name("two")
        sdbg("start", "-n", one, "--group", "g1", "sleep", "1000")
        sdbg("start", "-n", two, "sleep", "1000")
        for arguments in (["--group", "g1"], [one], ["one*"]):
            jobs = sdbg("top", "-d", "100ms", *arguments, json=True).json
            self.assertEqual([job["name"] for job in jobs], [one])

    def test_bad_input(self):
        self.assertIn("no such job", sdbg("top", "nothing-here", exits=3).stderr)
        self.assertIn("at least 100ms", sdbg("top", "-d", "50ms", exits=2).stderr)
        self.assertIn("at least 100ms", sdbg("top", "-d", "infinity", exits=2).stderr)
        sdbg("top", "-d", "soon", exits=2)

    def test_no_jobs(self):
        self.assertEqual(len(sdbg("top", "-d", "100ms").stdout.splitlines()), 1)
        self.assertEqual(sdbg("top", "-d", "100ms", json=True).json, [])


class Live(harness.SystemTest):
    def top(self, *arguments, **options):
        terminal = Terminal("sdbg", "top", "-d", "200ms", *arguments, **options)
        self.addCleanup(terminal.close)
        return terminal

    def start(self, script, *options):
        name = unique_name("top")
        sdbg("start", "-n", name, *options, "-c", script)
        return name

    def status(self, name):
        return sdbg("status", name, json=True).json[0]

    def test_shows_what_changes(self):
        name = self.start(COUNT)
        terminal = self.top()
        first = int(terminal.expect(rf"{name} +running .* line (\d+)")[1])
        terminal.expect(rf"line ({first + 1}|{first + 2}|{first + 3})\b")
        other = self.start("sleep 1000")
        terminal.expect(f"{other} +running")
        sdbg("stop", name)
        terminal.expect("1 job,")
        terminal.type("q")
        self.assertEqual(terminal.wait(), 0)

    def test_input_that_is_waited_for(self):
        self.start("printf 'Password: '; read x", "--pty")
        self.top().expect("waits for input: Password:")

    def test_stop_after_a_question(self):
        name = self.start("sleep 1000")
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("s")
        terminal.expect(re.escape(f"Stop {name}? [y/n]"))
        terminal.type("n")
        terminal.expect("q quit")
        self.assertEqual(self.status(name)["state"], "running")
        terminal.type("s")
        terminal.expect(re.escape(f"Stop {name}? [y/n]"))
        terminal.type("y")
        terminal.expect(f"{name}: stopped")
        terminal.expect("No jobs are running")
        self.assertEqual(self.status(name)["result"], "stopped")

    def test_the_marked_job_is_meant(self):
        first, second, third = [self.start("sleep 1000") for _ in range(3)]
        terminal = self.top()
        terminal.expect(f"{third} +running")
        terminal.type("\x1b[Bs")
        terminal.expect(re.escape(f"Stop {second}? [y/n]"))
        terminal.type("y")
        terminal.expect(f"{second}: stopped")
        self.assertEqual([job["name"] for job in sdbg("list", json=True).json], [first, third])

    def test_restart(self):
        name = self.start("sleep 1000")
        run = self.status(name)["run"]
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("r")
        terminal.expect(f"{name}: running, PID")
        self.assertNotEqual(self.status(name)["run"], run)

    def test_pause_and_resume(self):
        name = self.start(COUNT)
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("p")
        terminal.expect(f"{name} +paused")
        self.assertEqual(self.status(name)["state"], "paused")
        terminal.type("p")
        terminal.expect(f"{name} +running")

    def test_follow_and_return(self):
        name = self.start(COUNT)
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("f")
        terminal.expect(r"\nline \d+\nline \d+\n")
        terminal.type("\x03")
        terminal.expect(f"{name} +running")
        terminal.type("q")
        self.assertEqual(terminal.wait(), 0)

    def test_follow_to_the_end(self):
        name = self.start("echo going; read x", "--pty")
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("f")
        terminal.expect("going\n")
        sdbg("send", name, "done")
        terminal.expect("any key returns to the table")
        terminal.type("x")
        terminal.expect("No jobs are running")

    def test_attach_and_return(self):
        name = self.start("while read x; do echo got $x; done", "--pty")
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("a")
        wait_until(lambda: self.status(name)["attached"])
        terminal.type("this\r")
        terminal.expect("\ngot this")
        terminal.type("\x02")
        terminal.expect(f"{name} +running")
        self.assertEqual(self.status(name)["state"], "running")

    def test_attach_without_a_terminal_is_told(self):
        name = self.start("sleep 1000")
        terminal = self.top()
        terminal.expect(f"{name} +running")
        terminal.type("a")
        terminal.expect("has no terminal")
        terminal.expect("any key returns")
        terminal.type("x")
        terminal.expect(f"{name} +running")

    def test_help(self):
        terminal = self.top()
        terminal.expect("0 jobs")
        terminal.type("h")
        terminal.expect("follow what the job prints")
        terminal.type("x")
        terminal.expect("No jobs are running")

    def test_new_size(self):
        name = self.start("echo " + "wide" * 40 + "; sleep 1000")
        terminal = self.top(columns=120, rows=30)
        terminal.expect("wide" * 15)
        terminal.resize(50, 12)
        narrow = terminal.expect(rf"(?s)1 job.*?\n(NAME[^\n]*)\n({name}[^\n]*)\n+q quit[^\n]{{,45}}(?=1 job)")
        wait_until(lambda: (terminal.read(0.3), self.widths(terminal.seen[narrow.end():]))[1] == {50})

    @staticmethod
    def widths(text):
        return {len(line) for line in text.splitlines() if "running" in line}


class Left(harness.SystemTest):
    """The terminal is as it was before."""

    def check(self, leave, code):
        terminal = Terminal("sh", "-c", "read go; sdbg top -d 200ms; echo left $?; read go")
        self.addCleanup(terminal.close)
        before = terminal.modes()
        terminal.type("go\r")
        terminal.expect("0 jobs")
        self.assertNotEqual(terminal.modes(), before)
        leave(terminal)
        terminal.expect(f"left {code}")
        self.assertEqual(terminal.modes(), before)
        self.assertIn(LEFT, terminal.printed)
        self.assertLess(terminal.printed.rfind(b"\x1b[?1049h"), terminal.printed.rfind(LEFT))
        self.assertLess(terminal.printed.rfind(b"\x1b[?25l"), terminal.printed.rfind(b"\x1b[?25h"))

    def kill(self, number):
        def leave(terminal):
            (top,) = [int(p) for p in os.listdir("/proc") if p.isdigit() and self.is_top(int(p), terminal.pid)]
            os.kill(top, number)
        return leave

    @staticmethod
    def is_top(pid, parent):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return int(stat.read().rpartition(")")[2].split()[1]) == parent
        except OSError:
            return False

    def test_by_keys(self):
        self.check(lambda terminal: terminal.type("q"), 0)
        self.check(lambda terminal: terminal.type("\x03"), 0)

    def test_by_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                self.check(self.kill(number), 128 + number)

    def test_stopped_and_continued(self):
        def leave(terminal):
            self.kill(signal.SIGSTOP)(terminal)
            self.kill(signal.SIGCONT)(terminal)
            terminal.expect("0 jobs")
            terminal.type("q")
        self.check(leave, 0)

    def test_terminal_that_goes(self):
        terminal = Terminal("sdbg", "top")
        terminal.expect("0 jobs")
        self.addCleanup(terminal.close)
        terminal.hang_up()
        wait_until(lambda: not harness.alive(terminal.pid))


if __name__ == "__main__":
    harness.main()
