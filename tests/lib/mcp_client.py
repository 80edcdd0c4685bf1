# SPDX-License-Identifier: MIT
"""A client of `sdbg mcp` over stdio, as plain as the protocol allows: what is sent is what is given."""

import itertools
import json
import queue
import subprocess
import threading


STATELESS = "2026-07-28"  # from this version on there is no initialize
META = "io.modelcontextprotocol/"


class RpcError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


class Client:
    """The server's standard error is the caller's. Answers and notifications are read by a thread."""

    def __init__(self, process, version="2025-11-25", initialize=True, name="test-client",
                 capabilities=None, log_level=None):
        self.process = process
        self.meta = {}  # what each request says
        self.numbers = itertools.count(1)
        self.answers = {}
        self.strays = queue.Queue()  # answers without an id, and batches
        self.notifications = queue.Queue()
        self.changed = threading.Condition()
        self.ended = False
        threading.Thread(target=self._read, daemon=True).start()
        if version == STATELESS:
            self.meta = {f"{META}protocolVersion": version, f"{META}clientCapabilities": capabilities or {},
                         f"{META}clientInfo": {"name": name, "version": "1"}}
            if log_level:
                self.meta[f"{META}logLevel"] = log_level
        elif initialize:
            self.greeting = self.request("initialize", {
                "protocolVersion": version, "capabilities": capabilities or {},
                "clientInfo": {"name": name, "version": "1"}})
            self.notify("notifications/initialized")

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            with self.changed:
                if isinstance(message, list) or message.get("id") is None and "method" not in message:
                    self.strays.put(message)
                elif "method" in message:
                    self.notifications.put(message)
                else:
                    assert message["id"] not in self.answers, f"a second answer: {message}"
                    self.answers[message["id"]] = message
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})})

    def begin(self, method, params=None, number=None):
        """Sends a request. Return: its id."""
        number = next(self.numbers) if number is None else number
        if self.meta:
            params = {**(params or {}), "_meta": self.meta | (params or {}).get("_meta", {})}
        self.send({"jsonrpc": "2.0", "id": number, "method": method,
                   **({"params": params} if params is not None else {})})
        return number

    def answer(self, number, timeout=30):
        """Return: the whole answer to a request, which is then forgotten."""
        with self.changed:
            if not self.changed.wait_for(lambda: number in self.answers or self.ended, timeout):
                raise AssertionError(f"no answer to {number} in {timeout} s")
            if number not in self.answers:
                raise AssertionError(f"the server ended without an answer to {number}")
            return self.answers.pop(number)

    def result(self, number, timeout=30):
        answer = self.answer(number, timeout)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def request(self, method, params=None, timeout=30):
        return self.result(self.begin(method, params), timeout)

    def begin_call(self, tool, token=None, **arguments):
        meta = {"_meta": {"progressToken": token}} if token is not None else {}
        return self.begin("tools/call", {"name": tool, "arguments": arguments, **meta})

    def call(self, tool, timeout=60, **arguments):
        """Calls a tool. Return: its answer as a Answer."""
        return Answer(self.result(self.begin_call(tool, **arguments), timeout))

    def close(self, timeout=10):
        """Closes the server's stdin and waits for its end. Return: its exit code."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.process.wait(timeout)


class Answer:
    """A tool's answer: the text and the facts that a model would see, one or the other."""

    def __init__(self, result):
        self.raw = result
        self.failed = result.get("isError", False)
        self.text = "".join(block["text"] for block in result["content"])
        self.facts = result["structuredContent"]
        self.state = self.facts.get("state")

    @property
    def error(self):
        return self.facts.get("error", {})

    def __repr__(self):
        return f"<{'failed' if self.failed else 'ok'}: {self.text}>"


def spawn(**options):
    """A server process with pipes, for a Client."""
    return subprocess.Popen(["sdbg", "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
