# SPDX-License-Identifier: MIT
"""A program on a pseudo terminal, for tests of what is typed and what is seen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import harness
from harness import wait_until

SECONDS = 20
ESCAPE = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78]")
QUERY = re.compile(rb"\x1b\[0?c")  # who are you?
ANSWER = b"\x1b[?62c"


class Terminal:
    """Runs a command as the leader of a session that has the terminal. `seen` is all it has printed so far,
    as text without escape sequences; expect() goes on behind what was found last."""

    def __init__(self, *command, columns=100, rows=30, env=None, cwd=None):
        self.printed = b""
        self.position = 0
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            _set_size(0, columns, rows)
            os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8"} | (env or {}))
            os.chdir(cwd or os.getcwd())
            os.execvp(command[0], command)

    def resize(self, columns, rows):
        _set_size(self.fd, columns, rows)

    def modes(self):
        return termios.tcgetattr(self.fd)

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.fd, data):]

    @property
    def seen(self):
        return ESCAPE.sub(b"", self.printed).decode(errors="replace").replace("\r", "")

    def read(self, timeout):
        """Takes what comes. Return: whether something came and more may."""
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the other side open
            return False
        self.printed += data
        if QUERY.search(data):
            self.type(ANSWER)
        return bool(data)

    def expect(self, pattern, timeout=SECONDS):
        """Waits for text that fits a regular expression. Return: the match."""
        deadline = time.monotonic() + timeout
        while True:
            match = re.compile(pattern).search(self.seen, self.position)
            if match:
                self.position = match.end()
                return match
            if not self.read(max(0, deadline - time.monotonic())):
                raise AssertionError(f"no {pattern!r} in {self.seen[self.position:]!r}")

    def wait(self, timeout=SECONDS):
        """Waits for the command's end. Return: its exit status; negative: the signal."""
        deadline = time.monotonic() + timeout
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise AssertionError(f"has not ended: {self.seen[self.position:]!r}")
            else:
                self.read(0.05)
        while self.read(0.05):
            pass
        return self.status

    def hang_up(self):
        """As if the window was closed: the program has no terminal any more, and gets SIGHUP."""
        if self.fd is not None:
            os.close(self.fd)
        self.fd = None

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        self.hang_up()


def _set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class TerminalTest(harness.JobTest):
    """The base of tests around one job with a terminal, and who attaches to it."""

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
