#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A terminal that becomes a job's: attach and run, and all the ways out of them."""

import hashlib
import os
import re
import signal

import harness
from harness import alive, sdbg, unique_name, wait_until
from terminal import TerminalTest

CONTROL_B = b"\x02"


class Attach(TerminalTest):
    def test_type_and_detach(self):
        self.shell()
        t = self.attach()
        t.expect("ready>")
        t.type("echo $((40 + 2))\r")
        t.expect("\n42\n")
        t.type(CONTROL_B)
        self.assertEqual(t.wait(), 0)
        t.expect(f"sdbg attach {self.name}")
        self.assertEqual(self.status()["state"], "running")

    def test_pauses_between_keys_are_no_events(self):
        self.shell()
        t = self.attach()
        for typed, prompt in (("", "ready> "), ("e", "ready> e"), ("c", "ready> ec")):
            t.type(typed)
            wait_until(lambda: self.status()["prompt"] == prompt, what=prompt)
        t.type("ho done\r")
        t.expect("\ndone\nready> ")
        wait_until(lambda: len(self.journal.of_job(self.name, "SDBG_EVENT=input")) > 1)
        self.assertEqual(len(self.journal.of_job(self.name, "SDBG_EVENT=input")), 2)

    def test_first_wait_for_input_is_an_event(self):
        self.terminal("sdbg", "run", "--name", self.name, "cat")
        wait_until(lambda: self.journal.of_job(self.name, "SDBG_EVENT=input"))

    def test_screen_is_drawn_at_once(self):
        self.shell()
        self.attach().type("echo remembered\r")
        wait_until(lambda: "remembered" in sdbg("screen", self.name).stdout.splitlines())
        self.attach().expect("remembered")

    def test_detach_key_twice_goes_to_the_job(self):
        self.start("sh", "-c", "stty raw -echo; echo up; head -c 2 | od -An -tx1; sleep 1000")
        t = self.attach()
        t.expect("up")
        t.type(CONTROL_B * 2 + b"x")
        t.expect("02 78")
        t.type(CONTROL_B + b"d")
        self.assertEqual(t.wait(), 0)

    def test_large_paste_arrives_whole(self):
        """Though the job takes it only later."""
        go = self.directory / "go"
        self.start("sh", "-c", f"stty raw -echo; echo up; until [ -e {go} ]; do sleep 0.05; done; head -c 1000000 | sha256sum")
        t = self.attach()
        t.expect("up")
        paste = bytes(range(0x20, 0x7f)) * (1_000_000 // 95 + 1)
        t.type(paste[:150_000])
        go.touch()
        t.type(paste[150_000:1_000_000])
        t.expect(hashlib.sha256(paste[:1_000_000]).hexdigest())

    def test_other_detach_keys(self):
        self.shell()
        t = self.attach("--detach-keys=ctrl-p,ctrl-q")
        t.expect("ready>")
        t.type(b"echo a\x10b\r")
        t.expect("ready>")
        t.type(b"\x10\x11")
        self.assertEqual(t.wait(), 0)
        t = self.attach("--detach-keys=Up")
        self.assertEqual(t.wait(), 2)
        t.expect("'Up'")

    def test_window_size_follows(self):
        self.shell()
        t = self.attach(columns=91, rows=21)
        t.expect("ready>")
        t.type("stty size\r")
        t.expect("21 91")
        t.resize(101, 31)
        os.kill(t.pid, signal.SIGWINCH)
        wait_until(lambda: sdbg("screen", self.name, json=True).json["cols"] == 101)
        t.type("stty size\r")
        t.expect("31 101")

    def test_several_see_the_same(self):
        self.shell()
        first, second = self.attach(), self.attach()
        first.expect("ready>")
        second.expect("ready>")
        self.attached(2)
        first.type("echo from $((1)) first\r")
        second.expect("from 1 first")
        second.type("echo from $((2)) second\r")
        first.expect("from 2 second")

    def test_read_only(self):
        self.shell()
        reader, writer = self.attach("-r"), self.attach()
        reader.expect("ready>")
        reader.type("echo from the reader\r")
        writer.expect("ready>")
        writer.type("echo from the writer\r")
        reader.expect("from the writer")
        self.assertNotIn("from the reader", reader.seen)
        self.assertNotIn("reader", sdbg("screen", self.name).stdout)

    def test_questions_while_only_readers_are_there(self):
        """Their terminals' answers are not taken."""
        self.start("bash", "-c", r"stty raw -echo; echo up; read -rn1; printf '\033[5n'; read -rd n answer; echo ${answer@Q}; sleep 1000")
        reader = self.attach("-r")
        reader.expect("up")
        self.attached(1)
        sdbg("send", "--no-newline", self.name, "x")
        reader.expect(r"\[0'")

    def test_scrollback(self):
        self.start("sh", "-c", "seq 200; sleep 1000")
        sdbg("wait", self.name, "--for", "log=^200$")
        t = self.attach("-n", "150")
        t.expect("51\n52\n")
        t.expect("\n200")

    def test_end_of_the_job(self):
        self.shell()
        t = self.attach()
        t.expect("ready>")
        t.type("exit 7\r")
        self.assertEqual(t.wait(), 0)
        t.expect("over")
        sdbg("wait", self.name, exits=7)

    def test_where_it_cannot(self):
        self.assertIn("no job", sdbg("attach", "nothing", exits=3).stderr)
        self.shell()
        self.assertIn("no terminal", sdbg("attach", self.name, exits=2).stderr)  # from a pipe
        plain = unique_name()
        sdbg("start", "-n", plain, "sleep", "1000")
        self.assertIn(f"logs -f {plain}", sdbg("attach", plain, exits=1).stderr)
        sdbg("stop", plain)
        self.assertIn("not running", sdbg("attach", plain, exits=1).stderr)

    def test_to_itself(self):
        self.shell()
        t = self.attach()
        t.expect("ready>")
        t.type(f"sdbg attach {self.name}; echo gave $?\r")
        t.expect("gave 2")


class WaysOut(TerminalTest):
    """The terminal is as it was before, whatever ended it."""

    def check(self, end, *command):
        self.shell()
        t = self.terminal("sh", "-c", f"stty -a > /dev/null; {' '.join(command) or 'sdbg attach ' + self.name}; echo left $?; exec cat")
        before = t.modes()
        t.expect("ready>")
        wait_until(lambda: t.modes() != before)
        end(t)
        t.expect("left ")
        t.expect("\n")
        wait_until(lambda: t.modes() == before, what="the modes of before")

    def client(self):
        (pid,) = [p for p in harness.marked(harness.MARKER, os.environ[harness.MARKER])
                  if harness.command_line(p)[:2] == ["sdbg", "attach"]]
        return pid

    def test_detached(self):
        self.check(lambda t: t.type(CONTROL_B))

    def test_job_ends(self):
        self.check(lambda t: t.type("exit\r"))

    def test_terminated(self):
        self.check(lambda t: os.kill(self.client(), signal.SIGTERM))

    def test_hung_up(self):
        self.check(lambda t: os.kill(self.client(), signal.SIGHUP))

    def test_supervisor_killed(self):
        def kill(t):
            unit = harness.unit_of(self.name)
            os.kill(int(harness.unit_properties(unit, "MainPID")["MainPID"]), signal.SIGKILL)
        self.check(kill)

    def test_stopped_by_somebody_else(self):
        self.check(lambda t: sdbg("stop", self.name))

    def test_killed(self):
        """Nobody can restore the terminal then; the job and the other clients go on."""
        self.shell()
        killed, other = self.attach(), self.attach()
        killed.expect("ready>")
        self.attached(2)
        os.kill(killed.pid, signal.SIGKILL)
        self.attached(1)
        other.type("echo still $((1))\r")
        other.expect("still 1")


class StatusLine(TerminalTest):
    """Attached within another job's terminal, whose screen shows what a person sees."""

    ROWS = 20

    def setUp(self):
        super().setUp()
        self.shell()
        self.outer = unique_name()
        sdbg("start", "--name", self.outer, "--settle=0", "--pty", f"--size=80x{self.ROWS}", "sh", "-c",
             f"sdbg attach --status-line {self.name}; echo left; exec sleep 1000")
        self.shown()

    def lines(self):
        return sdbg("screen", self.outer, json=True).json["lines"]

    def is_shown(self, rows):
        lines = self.lines()
        found = [i for i, line in enumerate(lines) if re.fullmatch(rf" {self.name}  running  [0-9]+s +C-b leaves it ", line)]
        return found == [rows - 1]

    def shown(self, rows=ROWS):
        wait_until(lambda: self.is_shown(rows), what=f"the status line in row {rows} of {self.lines()}")

    def type(self, *arguments):
        sdbg("send", self.outer, *arguments)

    def see(self, text):
        wait_until(lambda: text in self.lines(), what=text)

    def test_row_is_not_the_jobs(self):
        self.type("stty size")
        self.see(f"{self.ROWS - 1} 80")
        self.type("seq 100")
        wait_until(lambda: self.lines()[-3:-1] == ["100", "ready>"])
        self.shown()
        self.type("clear; printf '\\033[r\\033[99;1Hbottom\\n'")
        self.see("bottom")
        self.shown()

    def test_vim(self):
        self.type("vim -u NONE --cmd 'set nocompatible laststatus=2' file")
        wait_until(lambda: any(line.startswith("file") for line in self.lines()))
        self.shown()
        self.type("--no-newline", "ihello")
        self.type("--no-newline", "--key", "Esc", "--key", "C-d")
        self.see("hello")
        self.shown()
        self.type(":q!")
        self.see("ready>")
        self.shown()

    def test_new_size(self):
        window = self.terminal("sdbg", "attach", self.outer, columns=91, rows=25)
        self.shown(25)
        self.type("stty size")
        self.see("24 91")
        window.resize(70, 12)
        self.shown(12)
        self.type("stty size")
        self.see("11 70")

    def test_two_with_one(self):
        plain = self.attach()
        plain.expect("ready>")
        self.type("echo $((40 + 2))")
        plain.expect("42")
        self.shown()
        self.assertNotIn("leaves it", plain.seen)

    def test_read_only(self):
        window = self.attach("-r", "--status-line", columns=80, rows=10)
        window.expect("read-only  C-b leaves it")
        self.type("stty size")
        self.see(f"{self.ROWS - 1} 80")

    def left(self):
        self.see("left")
        self.assertFalse([line for line in self.lines() if "leaves it" in line])

    def test_left_by_its_key(self):
        self.type("--no-newline", "--key", "C-b")
        self.left()

    def test_left_with_the_job(self):
        self.type("exit")
        self.left()

    def test_left_with_the_supervisor(self):
        os.kill(int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"]), signal.SIGKILL)
        self.left()


class SlowClient(TerminalTest):
    def halt(self, terminal):
        """kill() does not wait until the signal has its effect."""
        os.kill(terminal.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, terminal.pid, os.WSTOPPED)

    def test_stopped_client(self):
        """The job prints on at its speed; the client gets the screen when it reads again."""
        self.start("sh", "-c", "echo up; head -n1 >/dev/null; seq 1000000; echo the end; sleep 1000")
        t = self.attach()
        t.expect("up")
        self.attached(1)
        self.halt(t)
        sdbg("send", self.name, "go")
        sdbg("wait", self.name, "--for", "log=the end", "--timeout=100s")
        os.kill(t.pid, signal.SIGCONT)
        t.expect("the end", timeout=60)
        self.assertEqual(sdbg("logs", self.name, "--all").stdout.splitlines()[-2], "1000000")

    def test_terminal_of_a_stopped_client_is_the_shells(self):
        """It is neither read nor written."""
        self.shell()
        t = self.attach()
        t.expect("ready>")
        self.halt(t)
        t.type("echo $((40 + 1)) was typed\r")
        sdbg("send", self.name, "echo $((40 + 2)) was sent")
        sdbg("wait", self.name, "--for", "log=42 was sent")
        self.assertFalse(t.read(0))
        self.assertNotIn("41 was typed", sdbg("logs", self.name).stdout)
        os.kill(t.pid, signal.SIGCONT)
        t.expect("42 was sent")
        t.expect("41 was typed")

    def test_terminal_without_a_size(self):
        self.shell()
        t = self.attach(columns=0, rows=0)
        t.expect("ready>")
        self.halt(t)
        sdbg("send", self.name, "echo $((40 + 2)) was sent")
        sdbg("wait", self.name, "--for", "log=42 was sent")
        os.kill(t.pid, signal.SIGCONT)
        t.expect("42 was sent")
        t.type("echo $((40 + 1)) was typed\r")
        t.expect("41 was typed")

    def test_job_of_a_stopped_client_ends(self):
        self.shell()
        t = self.attach()
        t.expect("ready>")
        self.halt(t)
        sdbg("send", self.name, "echo the end; exit 3")
        sdbg("wait", self.name, exits=3)
        os.kill(t.pid, signal.SIGCONT)
        self.assertEqual(t.wait(), 0)
        t.expect("\nthe end\n")
        t.expect("is over")

    def test_terminal_that_stands_still_until_the_supervisor_is_gone(self):
        self.start("sh", "-c", "read -r go; seq 10000")
        t = self.attach()
        self.attached(1)
        supervisor = int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])
        t.type("go\r")
        wait_until(lambda: not alive(supervisor))
        t.expect("\n10000\n")
        t.expect("is over")


class Run(TerminalTest):
    def run_command(self, *command, **options):
        return self.terminal("sdbg", "run", "--name", self.name, *command, **options)

    def test_looks_as_if_run_directly(self):
        t = self.run_command("sh", "-c", "stty size; tty >/dev/null && echo terminal; exit 3", columns=77, rows=17)
        self.assertEqual(t.wait(), 3)
        t.expect("17 77\nterminal\n")

    def test_all_output_of_a_short_one(self):
        for _ in range(5):
            self.name = unique_name()
            t = self.run_command("seq", "300")
            self.assertEqual(t.wait(), 0)
            t.expect("1\n2\n")
            t.expect("\n300\n")

    def test_interrupt(self):
        t = self.run_command("sh", "-c", "echo up; exec sleep 1000")
        t.expect("up")
        t.type(b"\x03")
        self.assertEqual(t.wait(), 130)

    def test_to_the_background_and_back(self):
        t = self.run_command("-e", "PS1=ready> ", "sh", "-i")
        t.expect("ready>")
        t.type(CONTROL_B)
        self.assertEqual(t.wait(), 0)
        t = self.attach()
        t.expect("ready>")
        t.type("exit 9\r")
        t.wait()
        sdbg("wait", self.name, exits=9)

    def project(self, source):
        """A small one in C, which is built when `go` is there."""
        (self.directory / "main.c").write_text(source)
        (self.directory / "Makefile").write_text(
            "hello: main.o\n\t$(CC) -o $@ $^\nmain.o: main.c\n"
            "\t@echo waiting; until [ -e go ]; do sleep 0.05; done\n\t$(CC) -c $<\n")

    def test_make_goes_to_the_background(self):
        self.project('#include <stdio.h>\nint main(void) { return puts("made") < 0; }\n')
        t = self.run_command("make", cwd=self.directory)
        t.expect("waiting")
        t.type(CONTROL_B)
        self.assertEqual(t.wait(), 0)
        t.expect(f"sdbg attach {self.name}")
        t = self.attach()
        t.expect("waiting")
        (self.directory / "go").touch()
        t.expect("cc -c main.c")
        self.assertEqual(t.wait(), 0)
        sdbg("wait", self.name)
        self.assertEqual(harness.run(self.directory / "hello").stdout, "made\n")

    def test_exit_code_of_make(self):
        self.project("int main(void) { return nothing; }\n")
        t = self.run_command("make", cwd=self.directory)
        t.expect("waiting")
        t.type(CONTROL_B)
        self.assertEqual(t.wait(), 0)
        (self.directory / "go").touch()
        sdbg("wait", self.name, exits=2)
        self.name = unique_name()
        t = self.run_command("make", cwd=self.directory)
        self.assertEqual(t.wait(), 2)
        t.expect("nothing.* undeclared")

    def test_detach_after(self):
        t = self.run_command("--detach-after=200ms", "sleep", "1000")
        self.assertEqual(t.wait(), 0)
        self.assertEqual(self.status()["state"], "running")
        pipe = unique_name()
        result = sdbg("run", "--name", pipe, "--detach-after=200ms", "sh", "-c", "echo out; sleep 1000")
        self.assertEqual(result.stdout, "out\n")
        self.assertIn(pipe, result.stderr)

    def test_terminal_that_dies(self):
        t = self.run_command("sh", "-c", "echo up; exec sleep 1000")
        t.expect("up")
        pid = self.status()["pid"]
        t.hang_up()
        wait_until(lambda: not alive(t.pid))
        self.assertTrue(alive(pid))

    def test_pipes_are_not_terminals(self):
        result = sdbg("run", "--name", self.name, "sh", "-c", "test -t 1 || echo pipe; echo error >&2; exit 2", exits=2)
        self.assertEqual((result.stdout, result.stderr), ("pipe\n", "error\n"))

    def test_stdin_of_a_pipe(self):
        result = sdbg("run", "--name", self.name, "--stdin", "tr", "a-z", "A-Z", input="from a pipe\n")
        self.assertEqual(result.stdout, "FROM A PIPE\n")


if __name__ == "__main__":
    harness.main()
