# SPDX-License-Identifier: MIT
"""An MCP server on stdio, for clients that speak HTTP alone (the protocol's "Streamable HTTP", without streams)."""

import contextlib
import http.server
import json
import threading


@contextlib.contextmanager
def serving(client):
    """client: a mcp_client.Client that has sent nothing yet. Return: the URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if "id" not in message:
                client.send(message)
                self.answer(202, b"")
                return
            # Of several connections, each counts from the same number on.
            answer = client.answer(client.begin(message["method"], message.get("params")))
            self.answer(200, json.dumps(answer | {"id": message["id"]}).encode())

        def do_GET(self):
            self.answer(405, b"")

        do_DELETE = do_GET

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        server.shutdown()
        server.server_close()
