#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The least that an MCP server on top of tmux does: one tmux command for each call, and no check of anything.
tmux-server.py SOCKET"""

import json
import subprocess
import sys

TOOLS = {
    "start": lambda name, command: ["new-session", "-d", "-s", name, command],
    "list": lambda: ["list-sessions"],
    "logs": lambda name, lines: ["capture-pane", "-p", "-t", name, "-S", f"-{lines}"],
}


def answer(method, params):
    if method == "initialize":
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "tmux", "version": "1"}}
    command = ["tmux", "-L", sys.argv[1], *TOOLS[params["name"]](**params["arguments"])]
    text = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"content": [{"type": "text", "text": text}]}


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            result = answer(message["method"], message.get("params", {}))
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)


if __name__ == "__main__":
    main()
