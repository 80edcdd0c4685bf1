# SPDX-License-Identifier: MIT
"""The calls of an agent, against the same verbs run by its shell."""

import pathlib
import re

import mcp_client
from harness import sdbg, spawn, unique_name
from measuring import interleaved, seconds
from rows import Row


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def calls(rounds):
    client = mcp_client.Client(spawn("sdbg", "mcp", stderr=None))
    name = unique_name()
    client.call("job_start", command="seq 1000; sleep 1000", name=name)
    for tool, verb, arguments, at_most in (("job_list", ["list", "-a"], {}, 5),
                                           ("job_logs", ["logs", "-n", 100, name], {"name": name, "lines": 100}, 5)):
        own, peer = interleaved(rounds, lambda: seconds(lambda: client.call(tool, **arguments)),
                                lambda: seconds(lambda: sdbg(*verb)))
        yield Row(tool, "ms", own * 1e3, f"sdbg {verb[0]}", peer * 1e3, at_most=at_most)

    def start():
        client.call("job_start", command="true", args=["x"], name=unique_name(), yield_seconds=0)

    own, peer = interleaved(rounds, lambda: seconds(start),
                            lambda: seconds(lambda: sdbg("start", "-n", unique_name(), "--settle=0", "true")))
    yield Row("job_start", "ms", own * 1e3, "sdbg start", peer * 1e3, ratio_max=1.5)
    yield Row("memory of sdbg mcp", "MiB", resident_bytes(client.process.pid) / 2**20, at_most=8)
    client.call("job_stop", name=name)
    client.close()
