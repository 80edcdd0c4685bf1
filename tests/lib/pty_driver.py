# SPDX-License-Identifier: MIT
"""A person at a terminal: a program on a pty, typed at and read."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time


class Terminal:
    """A terminal with a program on it, which is killed at the end of the test."""

    def __init__(self, test, *command, cols=100, rows=30, env=None):
        self.output = b""
        self.status = None
        environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execvpe(command[0], [str(word) for word in command], environment)
        self.resize(cols, rows)
        test.addCleanup(self.end)

    def resize(self, cols, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, text):
        data = text.encode() if isinstance(text, str) else text
        while data:
            data = data[os.write(self.fd, data):]

    def _read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            data = b""
        self.output += data
        return bool(data)

    def expect(self, text, timeout=20):
        """Reads until `text` has been printed; what is up to its end is then taken off and returned."""
        wanted = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + timeout
        while wanted not in self.output:
            if time.monotonic() > deadline or (not self._read(0.5) and self._ended()):
                raise AssertionError(f"{text!r} was not printed: {self.output[-2000:]!r}")
        end = self.output.index(wanted) + len(wanted)
        seen, self.output = self.output[:end], self.output[end:]
        return seen.decode(errors="replace")

    def _ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait(self, timeout=20):
        """Return: its exit code, when it has ended; what it printed meanwhile is in .output."""
        deadline = time.monotonic() + timeout
        while not self._ended():
            if time.monotonic() > deadline:
                raise AssertionError(f"it goes on: {self.output[-2000:]!r}")
            self._read(0.05)
        while self._read(0):
            pass
        return self.status

    def modes(self):
        return termios.tcgetattr(self.fd)

    def kill(self, number):
        os.kill(self.pid, number)

    def end(self):
        if not self._ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.status = -signal.SIGKILL
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
