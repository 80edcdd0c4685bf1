#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The control socket: what a supervisor answers, and what it puts up with."""

import json
import os
import pathlib
import select
import socket
import stat
import struct
import tty

import harness
from harness import sdbg, spawn, wait_until
from terminal import TerminalTest

CONTROL_B = b"\x02"
HELLO, INPUT, KEY, PASTE, END, SYNC, RESIZE, SCREEN, OUTPUT, GAP, BYE, ERROR, DETACH = range(1, 14)


class Control(TerminalTest):
    def path(self):
        return harness.RUNTIME / "sdbg" / "jobs" / self.name / "control.sock"

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

    def test_full_input(self):
        """Who does not type is served, and everybody may leave."""
        self.start("sh", "-c", "stty raw -echo; echo up; exec sleep 1000")
        sdbg("wait", self.name, "--for", "log=up")
        attached = [(client := self.connect(), self.lent(client, read_only=read_only)) for read_only in (True, False)]
        types = self.connect()
        self.greet(types)
        types.setblocking(False)
        data = self.frame(INPUT, b"x" * 60_000) * 20
        while select.select([], [types], [], 1)[1]:
            data = data[types.send(data):]
        for _ in range(10):
            client = self.connect()
            self.greet(client)
            client.sendall(self.frame(SCREEN, {}))
            self.assertEqual(self.read_frame(client)[0], SCREEN)
        for client, window in attached:
            os.write(window, b"y" + CONTROL_B + b"x")
            self.assertEqual(self.read_frame(client), (DETACH, b""))

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

    def test_slow_terminal_is_shown_a_burst_whole(self):
        self.start("sh", "-c", "head -n1 >/dev/null; seq 30000; sleep 1000")
        window = self.lent(self.connect())
        os.write(window, b"go\n")
        sdbg("wait", self.name, "--for", "log=^30000$", "--timeout=60s")
        seen = b""
        while b"\n30000\r" not in seen:
            self.assertTrue(select.select([window], [], [], 20)[0])
            seen += os.read(window, 65536)
        self.assertEqual(seen.split()[-30000:], [b"%d" % n for n in range(1, 30001)])

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
