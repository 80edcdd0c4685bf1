# SPDX-License-Identifier: MIT
"""How soon a start tells that a server is ready, against curl that asks it all the time."""

import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

from harness import sdbg, unique_name
from rows import Row

NODE_MODULES = pathlib.Path("/var/cache/sdbg-tests/node_modules")
PORT = 23456
URL = f"http://127.0.0.1:{PORT}/"


def curl_succeeds():
    """Return: when it first did."""
    while subprocess.run(["curl", "-sf", "-o", "/dev/null", URL]).returncode != 0:
        time.sleep(0.005)
    return time.monotonic()


def one(directory, option, command):
    """Return: after how many seconds `sdbg start` has returned, and curl has succeeded."""
    name = unique_name("server")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        begin = time.monotonic()
        peer = pool.submit(curl_succeeds)
        sdbg("start", "--name", name, "--cwd", directory, option, *command)
        own = time.monotonic()
        given = own - begin, peer.result() - begin
    sdbg("stop", name)
    return given


def row(rounds, what, *arguments):
    own, peer = (statistics.median(values) for values in zip(*(one(*arguments) for _ in range(rounds))))
    return Row(f"ready: {what}", "ms", own * 1e3, "curl", peer * 1e3, ratio_max=1.2)


def vite(directory):
    (directory / "node_modules").symlink_to(NODE_MODULES)
    (directory / "package.json").write_text(json.dumps({"name": "page", "private": True, "type": "module"}))
    (directory / "vite.config.js").write_text(f"export default {{ cacheDir: '{directory}/cache' }}\n")
    (directory / "index.html").write_text("<h1>from vite</h1>\n")
    return ["node_modules/.bin/vite", "--host", "127.0.0.1", "--port", PORT, "--strictPort"]


def all_measures(rounds):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        server = ["python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", PORT]
        late = ["sh", "-c", 'sleep 2; exec "$@"', "sh", *server]
        yield row(rounds, "--ready-http of Python's server", directory, f"--ready-http={URL}", server)
        yield row(rounds, "--ready-http of one that takes 2 s", directory, f"--ready-http={URL}", late)
        yield row(rounds, "--ready-port of one that takes 2 s", directory, f"--ready-port={PORT}", late)
        if (NODE_MODULES / "vite").exists():
            yield row(rounds, "--ready-http of Vite", directory, f"--ready-http={URL}", vite(directory))
