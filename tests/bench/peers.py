# SPDX-License-Identifier: MIT
"""Ways to run a command in the background and keep what it prints."""

import pathlib
import shutil

from harness import job_units, root, run, sdbg, unique_name, wait_until
from measuring import count_lines, disk_bytes, journal_bytes

ENDS_WITHIN = 600


class Peer:
    """One command, run once. run(): to its end, given the file that appears then. kept(): lines that can be read."""

    needs = None
    uses_journal = False

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.name = unique_name("bench-")

    @classmethod
    def is_installed(cls):
        return cls.needs is None or shutil.which(cls.needs)

    def disk(self):
        return disk_bytes(self.directory)

    def close(self):
        pass


class Sdbg(Peer):
    name_in_table = "sdbg"
    uses_journal = True

    def run(self, command, ended):
        sdbg("start", "--name", self.name, "--settle=0", "--output-max=4G", "--", *command)
        sdbg("wait", self.name, timeout=ENDS_WITHIN)
        wait_until(lambda: not job_units(), timeout=ENDS_WITHIN)

    def kept(self):
        return count_lines("sdbg", "logs", "--all", self.name)

    def disk(self):
        return journal_bytes()


class SystemdRun(Peer):
    name_in_table = "systemd-run"
    uses_journal = True

    def run(self, command, ended):
        run("systemd-run", "--user", "-q", "--wait", f"--unit={self.name}", *command, timeout=ENDS_WITHIN)

    def kept(self):
        root("journal-sync")
        return count_lines("journalctl", "--user", "-q", "-o", "cat", f"_SYSTEMD_USER_UNIT={self.name}.service",
                           "_TRANSPORT=stdout")

    def disk(self):
        return journal_bytes()


class File(Peer):
    name_in_table = "file"

    def run(self, command, ended):
        run("sh", "-c", 'file=$1; shift; exec "$@" >"$file"', "sh", self.directory / "out", *command)

    def kept(self):
        return count_lines("cat", self.directory / "out")


class Nq(Peer):
    name_in_table = needs = "nq"

    def run(self, command, ended):
        run("nq", *command, env={"NQDIR": str(self.directory)})
        wait_until(ended.exists, timeout=ENDS_WITHIN)

    def kept(self):
        [file] = self.directory.glob(",*")
        return count_lines("grep", "-av", "^exec ", file)


class Dtach(Peer):
    """Keeps nothing: it has only a terminal."""

    name_in_table = needs = "dtach"

    def run(self, command, ended):
        run("dtach", "-n", self.directory / "socket", *command)
        wait_until(ended.exists, timeout=ENDS_WITHIN)

    def kept(self):
        return 0


class Multiplexer(Peer):
    """Its window has to outlive the command, or nothing can be read."""

    @staticmethod
    def lasting(command):
        return ["sh", "-c", '"$@"; exec sleep 1000', "sh", *command]


class Tmux(Multiplexer):
    name_in_table = needs = "tmux"

    def tmux(self, *arguments):
        return run("tmux", "-L", self.name, *arguments)

    def run(self, command, ended):
        self.tmux("new-session", "-d", *self.lasting(command))
        wait_until(ended.exists, timeout=ENDS_WITHIN)

    def kept(self):
        return self.tmux("capture-pane", "-p", "-J", "-S", "-").stdout.rstrip("\n").count("\n") + 1

    def close(self):
        self.tmux("kill-server")


class Screen(Multiplexer):
    name_in_table = needs = "screen"

    def screen(self, *arguments):
        sockets = self.directory / "sockets"
        sockets.mkdir(mode=0o700, exist_ok=True)
        return run("screen", *arguments, env={"SCREENDIR": str(sockets), "TERM": "xterm"})

    def run(self, command, ended):
        self.screen("-dmS", self.name, *self.lasting(command))
        wait_until(ended.exists, timeout=ENDS_WITHIN)

    def kept(self):
        copy = self.directory / "copy"
        self.screen("-S", self.name, "-p", "0", "-X", "hardcopy", "-h", copy)
        wait_until(copy.exists)
        return copy.read_bytes().rstrip(b"\n").count(b"\n") + 1

    def close(self):
        self.screen("-S", self.name, "-X", "quit")


ALL = (Sdbg, File, SystemdRun, Tmux, Screen, Nq, Dtach)


def installed():
    return [peer for peer in ALL if peer.is_installed()]
