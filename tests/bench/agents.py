# SPDX-License-Identifier: MIT
"""The calls of an agent, against other servers of background commands, and the same verbs run by a shell."""

import os
import pathlib
import re
import shutil
import signal
import sys

import mcp_client
from harness import run, sdbg, spawn, unique_name
from measuring import interleaved, seconds
from rows import Row

HERE = pathlib.Path(__file__).resolve().parent
JOB = "seq 1000; sleep 1000"
LINES = 100
STARTS_MAX = 18  # background-process-mcp takes 20, counting those that have ended


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def children(pid):
    listed = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in listed for below in children(int(child)))]


class Server:
    """One to which an agent's client speaks. start() starts a command; lists and logs are of what runs then."""

    def __init__(self):
        self.client = mcp_client.Client(spawn(*self.command(), stderr=None))

    @classmethod
    def missing(cls):
        """What is not installed."""
        return None

    def call(self, tool, **arguments):
        result = self.client.request("tools/call", {"name": tool, "arguments": arguments})
        assert not result.get("isError"), result
        return "".join(block["text"] for block in result["content"])

    def memory(self):
        """Of all its processes."""
        return sum(map(resident_bytes, children(self.client.process.pid)))

    def close(self):
        self.client.close()


class Sdbg(Server):
    name = "sdbg"

    @staticmethod
    def command():
        return ["sdbg", "mcp"]

    def start(self, line):
        self.job = unique_name()
        self.call("job_start", command=line, name=self.job, yield_seconds=0)

    def list(self):
        self.call("job_list")

    def logs(self):
        self.call("job_logs", name=self.job, lines=LINES)


class Tmux(Server):
    """The least that such a server can be."""

    name = "tmux"

    def command(self):
        self.socket = unique_name("bench-")
        return [sys.executable, HERE / "tmux-server.py", self.socket]

    @classmethod
    def missing(cls):
        return None if shutil.which("tmux") else "tmux is not installed"

    def start(self, line):
        self.job = unique_name("tmux").replace(".", "-")
        self.call("start", name=self.job, command=line)

    def list(self):
        self.call("list")

    def logs(self):
        self.call("logs", name=self.job, lines=LINES)

    def memory(self):
        """With tmux's own server."""
        server = run("tmux", "-L", self.socket, "start-server", ";", "display-message", "-p", "#{pid}").stdout
        return super().memory() + resident_bytes(int(server))

    def close(self):
        super().close()
        run("tmux", "-L", self.socket, "kill-server")


class BackgroundProcessMcp(Server):
    """From a folder in which it was built: npm does not have it."""

    name = "background-process-mcp"
    folder = os.environ.get("SDBG_BENCH_BGPM", "")

    @classmethod
    def missing(cls):
        if shutil.which("bgpm") or pathlib.Path(cls.folder, "dist/cli.js").exists():
            return None
        return "neither bgpm is installed, nor is SDBG_BENCH_BGPM the folder in which it was built"

    def command(self):
        return ["node", pathlib.Path(self.folder, "dist/cli.js")] if self.folder else ["bgpm"]

    def start(self, line):
        self.job = self.call("start_process", command=line).split()[-1]

    def list(self):
        self.call("list_processes")

    def logs(self):
        self.call("get_process_output", processId=self.job, tail=LINES)

    def close(self):
        """It does not end when its client goes, nor do its jobs."""
        for pid in children(self.client.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.client.process.wait()


def other_servers():
    for kind in (Tmux, BackgroundProcessMcp):
        if kind.missing():
            print(f"{kind.name} is left out: {kind.missing()}", file=sys.stderr)
        else:
            yield kind()


def rows_of(measure, rounds, own, others, cli, function, **target):
    """A row for each of the others, and for the same done by sdbg's command line."""
    timed = [lambda s=s: seconds(lambda: function(s)) for s in (own, *others)]
    first, *rest, last = interleaved(rounds, *timed, lambda: seconds(cli))
    yield Row(measure, "ms", first * 1e3, cli.__name__.replace("_", " "), last * 1e3, **target)
    for other, value in zip(others, rest):
        yield Row(measure, "ms", first * 1e3, other.name, value * 1e3)


def calls(rounds):
    own, others = Sdbg(), list(other_servers())
    for server in (own, *others):
        server.start(JOB)
    job = own.job

    def sdbg_list():
        sdbg("list", "-a")

    def sdbg_logs():
        sdbg("logs", "-n", LINES, job)

    def sdbg_start():
        sdbg("start", "-n", unique_name(), "--settle=0", "true")

    yield from rows_of("job_list", rounds, own, others, sdbg_list, lambda s: s.list(), at_most=5)
    yield from rows_of("job_logs", rounds, own, others, sdbg_logs, lambda s: s.logs(), at_most=5)
    memory = [server.memory() / 2**20 for server in (own, *others)]
    yield from rows_of("job_start", min(rounds, STARTS_MAX), own, others, sdbg_start, lambda s: s.start("true"),
                       ratio_max=1.5)
    yield Row("memory of the server", "MiB", memory[0], at_most=8)
    for other, value in zip(others, memory[1:]):
        yield Row("memory of the server", "MiB", memory[0], other.name, value)
    own.call("job_stop", name=job)
    for server in (own, *others):
        server.close()
