#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A terminal that becomes a job's: attach and run, all the ways out of them, and the control socket."""

import hashlib
import json
import os
import pathlib
import re
import select
import signal
import socket
import stat
import struct
import tty

import harness
from harness import alive, sdbg, spawn, unique_name, wait_until
from terminal import Terminal

CONTROL_B = b"\x02"
HELLO, INPUT, KEY, PASTE, END, SYNC, RESIZE, SCREEN, OUTPUT, GAP, BYE, ERROR, DETACH = range(1, 14)


class AttachTest(harness.JobTest):
    def start(self, *arguments):
        return super().start("--pty", *arguments)

    def shell(self):
        """A job with a prompt."""
        return self.start("-e", "PS1=ready> ", "sh", "-i")

    def terminal(self, *command, **options):
        terminal = Terminal(*command, **options)
        self.addCleanup(terminal.close)
        return terminal

    def attach(self, *arguments, **options):
        return self.terminal("sdbg", "attach", *arguments, self.name, **options)

    def attached(self, count):
        wait_until(lambda: self.status()["attached"] == count, what=f"{count} attached")

    def path(self):
        return harness.RUNTIME / "sdbg" / "jobs" / self.name / "control.sock"


class Attach(AttachTest):
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


class WaysOut(AttachTest):
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


class StatusLine(AttachTest):
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


class SlowClient(AttachTest):
    def test_stopped_client(self):
        """The job prints on at its speed; the client gets the screen when it reads again."""
        self.start("sh", "-c", "echo up; head -n1 >/dev/null; seq 1000000; echo the end; sleep 1000")
        t = self.attach()
        t.expect("up")
        self.attached(1)
        os.kill(t.pid, signal.SIGSTOP)
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
        os.kill(t.pid, signal.SIGSTOP)
        t.type("echo $((40 + 1)) was typed\r")
        sdbg("send", self.name, "echo $((40 + 2)) was sent")
        sdbg("wait", self.name, "--for", "log=42 was sent")
        self.assertFalse(t.read(0))
        self.assertNotIn("41 was typed", sdbg("logs", self.name).stdout)
        os.kill(t.pid, signal.SIGCONT)
        t.expect("42 was sent")
        t.expect("41 was typed")

    def test_job_of_a_stopped_client_ends(self):
        self.shell()
        t = self.attach()
        t.expect("ready>")
        os.kill(t.pid, signal.SIGSTOP)
        sdbg("send", self.name, "echo the end; exit 3")
        sdbg("wait", self.name, exits=3)
        os.kill(t.pid, signal.SIGCONT)
        self.assertEqual(t.wait(), 0)
        t.expect("is over")


class Run(AttachTest):
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


class Control(AttachTest):
    """What a supervisor puts up with."""

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(str(self.path()))
        client.settimeout(20)
        return client

    def frame(self, type, data=b""):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        return struct.pack("<IB3x", len(data), type) + data

    def read_frame(self, client):
        header = self.read(client, 8)
        length, type = struct.unpack("<IB3x", header)
        return type, self.read(client, length)

    def read(self, client, n):
        data = b""
        while len(data) < n:
            got = client.recv(n - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def greet(self, client, **hello):
        client.sendall(self.frame(HELLO, {"version": 1, **hello}))
        type, data = self.read_frame(client)
        self.assertEqual(type, HELLO)
        return json.loads(data)

    def answers(self):
        client = self.connect()
        self.assertEqual(self.greet(client)["version"], 1)
        client.sendall(self.frame(SYNC))
        self.assertEqual(self.read_frame(client), (SYNC, b""))

    def test_modes_of_the_files(self):
        self.shell()
        self.assertEqual(stat.S_IMODE(self.path().stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path().parent.stat().st_mode), 0o700)

    def test_another_user(self):
        """Is kept out by the directory's mode; where that is open, by the supervisor."""
        self.shell()
        with self.assertRaisesRegex(AssertionError, "PermissionError"):
            harness.root("greet-as-another")
        for path in (harness.RUNTIME, *(p for p in self.path().parents if harness.RUNTIME in p.parents), self.path()):
            self.addCleanup(path.chmod, stat.S_IMODE(path.stat().st_mode))
            path.chmod(0o777)
        with self.assertRaisesRegex(AssertionError, "closed|ConnectionResetError|BrokenPipeError"):
            harness.root("greet-as-another")
        self.answers()

    def test_garbage(self):
        self.shell()
        for data in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 100_000, self.frame(INPUT, b"x"), self.frame(HELLO, b"{"),
                     self.frame(HELLO, b"[]" * 30_000), b"\x01\0\0\0", self.frame(99, b"unknown"), b""):
            with self.subTest(data[:20]):
                client = self.connect()
                try:
                    client.sendall(data)
                except OSError:
                    pass
                self.answers()
        sdbg("send", self.name, "exit 5")
        sdbg("wait", self.name, exits=5)

    def test_unknown_frames_and_keys_are_passed_over(self):
        """A newer client's."""
        self.shell()
        client = self.connect()
        self.greet(client, version=1, colour="blue")
        client.sendall(self.frame(77, b"new") + self.frame(SYNC))
        self.assertEqual(self.read_frame(client), (SYNC, b""))

    def test_many_clients(self):
        self.shell()
        clients = [self.connect() for _ in range(50)]
        for client in clients:
            self.greet(client, follow=True)
        self.attached(50)
        sdbg("send", self.name, "echo to $((6 * 7)) all")
        for client in clients:
            seen = b""
            while b"to 42 all" not in seen:
                seen += self.read_frame(client)[1]
        more = [self.connect() for _ in range(30)]
        self.assertEqual(self.status()["state"], "running")
        for client in clients + more:
            client.close()
        self.attached(0)
        self.answers()

    def test_gap(self):
        self.start("sh", "-c", "head -n1 >/dev/null; seq 200000; sleep 1000")
        client = self.connect()
        self.greet(client, follow=True)
        sdbg("send", self.name, "go")
        sdbg("wait", self.name, "--for", "log=^200000$", "--timeout=60s")
        types = set()
        seen = b""
        while b"200000" not in seen:
            type, data = self.read_frame(client)
            types.add(type)
            seen = (seen + data)[-4000:]
        self.assertIn(GAP, types)

    def lend(self, client, *descriptors, **hello):
        """Return: whether the supervisor has taken the terminal."""
        frame = self.frame(HELLO, {"version": 1, "follow": True, "detach_keys": "C-b"} | hello)
        socket.send_fds(client, [frame], descriptors)
        type, data = self.read_frame(client)
        self.assertEqual(type, HELLO)
        return json.loads(data)["lent"]

    def lent(self, client, **hello):
        """Return: the other side of the terminal."""
        window, side = os.openpty()
        self.addCleanup(os.close, window)
        tty.setraw(side)
        os.set_blocking(side, False)
        self.assertTrue(self.lend(client, side, **hello))
        os.close(side)
        return window

    def see(self, window, text):
        seen = b""
        while text not in seen:
            self.assertTrue(select.select([window], [], [], 20)[0], f"{text} in {seen[-1000:]}")
            seen = (seen + os.read(window, 65536))[-4000:]

    def test_terminal_that_is_lent(self):
        self.shell()
        client = self.connect()
        window = self.lent(client)
        os.write(window, b"echo to $((6 * 7)) lent\r")
        self.see(window, b"to 42 lent")
        os.write(window, CONTROL_B * 2 + CONTROL_B + b"x")
        self.assertEqual(self.read_frame(client), (DETACH, b""))
        self.attached(0)
        with self.assertRaises(OSError):  # nobody has it any more
            self.see(window, b"ready> x")

    def test_terminal_that_is_wanted_back(self):
        self.shell()
        client = self.connect()
        window = self.lent(client, read_only=True)
        os.write(window, b"echo $((40 + 1))\r")
        sdbg("send", self.name, "echo $((40 + 2))")
        self.see(window, b"\n42\r")
        client.sendall(self.frame(DETACH))
        self.assertEqual(self.read_frame(client), (DETACH, b""))
        self.assertNotIn("41", sdbg("screen", self.name).stdout)
        self.answers()

    def test_terminal_that_hangs_up(self):
        self.shell()
        client = self.connect()
        window, side = os.openpty()
        os.set_blocking(side, False)
        self.assertTrue(self.lend(client, side))
        os.close(side)
        os.close(window)
        self.assertEqual(self.read_frame(client), (DETACH, b""))
        self.answers()

    def test_slow_terminal(self):
        self.start("sh", "-c", "head -n1 >/dev/null; seq 200000; sleep 1000")
        client = self.connect()
        window = self.lent(client)
        os.write(window, b"go\n")
        sdbg("wait", self.name, "--for", "log=^200000$", "--timeout=60s")
        self.see(window, b"200000")
        self.assertEqual(self.read_frame(client)[0], GAP)

    def test_what_cannot_be_lent(self):
        """The client then gets frames."""
        self.shell()
        window, side = os.openpty()
        pipe = os.pipe()
        for descriptor in (window, side, *pipe):
            self.addCleanup(os.close, descriptor)
        for descriptors in ([], [side], [pipe[1]], [pipe[1]] * 20):
            client = self.connect()
            self.assertFalse(self.lend(client, *descriptors))
            while b"ready>" not in self.read_frame(client)[1]:
                pass
        os.set_blocking(side, False)
        self.assertFalse(self.lend(self.connect(), side, detach_keys="Up"))
        self.assertFalse(self.lend(self.connect(), side, follow=False))
        pid = int(harness.unit_properties(harness.unit_of(self.name), "MainPID")["MainPID"])
        links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
        self.assertNotIn(os.readlink(f"/proc/self/fd/{pipe[1]}"), links)

    def test_bytes_of_keys(self):
        self.start("sh", "-c", "stty raw -echo; echo up; head -c 1 | od -An -tx1")
        sdbg("wait", self.name, "--for", "log=up")
        client = self.connect()
        self.greet(client)
        client.sendall(self.frame(KEY, b"NoSuchKey") + self.frame(KEY, b"C-g"))
        self.assertEqual(self.read_frame(client)[0], ERROR)
        sdbg("wait", self.name)
        self.assertIn("07", sdbg("logs", self.name).stdout)

    def test_runtime_directory_unreadable(self):
        self.shell()
        self.path().parent.chmod(0)
        self.addCleanup(self.path().parent.chmod, 0o700)
        for verb in ("send", "screen"):
            error = sdbg(verb, self.name, exits=6).stderr
            self.assertIn(f"'{self.name}' is not a directory that can be opened: Permission denied", error)
            self.assertIn("hint: ", error)

    def test_older_supervisor(self):
        """One that had no socket yet: what does not need it works."""
        self.shell()
        self.path().unlink()
        result = sdbg("send", self.name, "x", exits=1)
        self.assertIn("older", result.stderr)
        self.assertIn("restart", result.stderr)
        sdbg("logs", self.name)
        sdbg("stop", self.name)

    def other_supervisor(self):
        """In the place of the job's own."""
        self.shell()
        self.path().unlink()
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.settimeout(20)
        server.bind(str(self.path()))
        server.listen()
        return server

    def accept(self, server, **answer):
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        connection.settimeout(20)
        self.assertEqual(self.read_frame(connection)[0], HELLO)
        connection.sendall(self.frame(HELLO, {"version": 1, "pty": True, "input": True} | answer))
        return connection

    def test_supervisor_of_the_first_version(self):
        """It draws no screen anew."""
        server = self.other_supervisor()
        for option in ("--read-only", "--detach-keys=C-b", "--status-line"):
            with self.subTest(option):
                t = self.attach(option, columns=91, rows=21)
                connection = self.accept(server)
                connection.sendall(self.frame(OUTPUT, b"\033[m\033[H\033[2Jhello"))
                t.expect("hello")
                t.type("typed")
                if option != "--read-only":
                    self.assertEqual(self.read_frame(connection), (INPUT, b"typed"))
                connection.sendall(self.frame(OUTPUT, b"bye") + self.frame(BYE))
                t.expect("bye")
                self.assertEqual(t.wait(), 0)

    def test_newer_supervisor(self):
        server = self.other_supervisor()
        client = spawn("sdbg", "send", self.name, "x")
        self.accept(server, version=99, news=[1])
        _, error = client.communicate(timeout=20)
        self.assertEqual(client.returncode, 1)
        self.assertIn(b"speaks otherwise", error)

    def test_gone_with_the_job(self):
        self.shell()
        sdbg("stop", self.name)
        wait_until(lambda: not self.path().exists())


if __name__ == "__main__":
    harness.main()
