# SPDX-License-Identifier: MIT
"""Model servers on 127.0.0.1 that say what a test's script tells them, in the dialects of the agents' providers.

    def script(seen):
        seen = yield Call("job_list")
        assert "web" in seen.text
        return "that is all"

A script is given what the model would see, and yields what it answers: a call of a tool, or text; the last text it
returns. What it asserts fails the test, not the client."""

import contextlib
import http.server
import itertools
import json
import threading
import traceback


class Call:
    """A call of a tool; its name is the server's, whatever the client makes of it."""

    def __init__(self, tool, **arguments):
        self.tool, self.arguments = tool, arguments


class Silence:
    """No answer: for a client that is to be killed in the middle of its turn."""


class Seen:
    """What a request shows to the model. tools: the names; text: results of the calls since the last answer;
    user: the newest message of the user; everything: the whole request, with the system prompt."""

    def __init__(self, tools, text, user, length, everything):
        self.tools, self.text, self.user, self.length, self.everything = tools, text, user, length, everything

    def name_of(self, tool):
        """A tool's name as this client has it: with a prefix, or in a namespace."""
        for name in self.tools:
            if name == tool or name.endswith((f"_{tool}", f"/{tool}")):
                return name
        raise AssertionError(f"the client offers no {tool}: {self.tools}")

    def offers(self, tool):
        return any(name == tool or name.endswith((f"_{tool}", f"/{tool}")) for name in self.tools)


def joined(content):
    """The text of a message, which is a string or a list of blocks."""
    if isinstance(content, str):
        return content
    return "\n".join(joined(block.get("text") or block.get("content") or "") for block in content or [])


def events(*messages, named=True):
    """Server-sent events."""
    lines = []
    for message in messages:
        lines += [f"event: {message['type']}"] if named else []
        lines += [f"data: {json.dumps(message)}", ""]
    return "\n".join([*lines, ""]).encode()


class OpenAI:
    """Chat completions, as OpenCode's openai-compatible provider asks."""

    path = "/chat/completions"

    @staticmethod
    def read(body, path):
        messages = body["messages"]
        last = max((i for i, m in enumerate(messages) if m["role"] == "assistant"), default=-1)
        results = [joined(m["content"]) for m in messages[last + 1:] if m["role"] == "tool"]
        users = [joined(m["content"]) for m in messages if m["role"] == "user"]
        tools = [tool["function"]["name"] for tool in body.get("tools", [])]
        return Seen(tools, "\n".join(results), users[-1] if users else "", len(messages), json.dumps(body))

    @staticmethod
    def write(body, path, number, text, call):
        def chunk(delta, reason=None):
            return {"id": f"c{number}", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

        if call:
            name, arguments = call
            function = {"name": name, "arguments": json.dumps(arguments)}
            answer = {"tool_calls": [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]}
        else:
            answer = {"content": text}
        return events(chunk({"role": "assistant", **answer}), chunk({}, "tool_calls" if call else "stop"),
                      named=False) + b"data: [DONE]\n\n"


class Anthropic:
    """Messages, as Claude Code asks."""

    path = "/v1/messages"

    @staticmethod
    def read(body, path):
        messages = body["messages"]
        last = messages[-1]["content"]
        blocks = [] if isinstance(last, str) else last
        results = [joined(block.get("content")) for block in blocks if block["type"] == "tool_result"]
        user = last if isinstance(last, str) else joined([b for b in blocks if b["type"] == "text"])
        tools = [tool["name"] for tool in body.get("tools", [])]
        return Seen(tools, "\n".join(results), user, len(messages), json.dumps(body))

    @staticmethod
    def write(body, path, number, text, call):
        usage = {"input_tokens": 1, "output_tokens": 1}
        stop = "tool_use" if call else "end_turn"
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"],
                   "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        if call:
            name, arguments = call
            block = {"type": "tool_use", "id": f"toolu_{number}", "name": name}
            begin = block | {"input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
            whole = block | {"input": arguments}
        else:
            begin = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": text}
            whole = {"type": "text", "text": text}
        if not body.get("stream"):
            return json.dumps(message | {"content": [whole], "stop_reason": stop}).encode()
        return events({"type": "message_start", "message": message},
                      {"type": "content_block_start", "index": 0, "content_block": begin},
                      {"type": "content_block_delta", "index": 0, "delta": delta},
                      {"type": "content_block_stop", "index": 0},
                      {"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": None},
                       "usage": usage},
                      {"type": "message_stop"})


class Responses:
    """Responses, as Codex asks; the tools of an MCP server are a namespace there."""

    path = "/responses"

    @staticmethod
    def read(body, path):
        items = body["input"]
        last = max((i for i, item in enumerate(items) if item.get("type") == "function_call"), default=-1)
        results = [joined(item["output"]) for item in items[last + 1:] if item.get("type", "").endswith("_output")]
        users = [joined(item["content"]) for item in items if item.get("role") == "user"]
        tools = []
        for tool in body.get("tools", []):
            inner = tool.get("tools", [])
            tools += [f"{tool['name']}/{t['name']}" for t in inner] if inner else [tool.get("name", tool["type"])]
        return Seen(tools, "\n".join(results), users[-1] if users else "", len(items), json.dumps(body))

    @staticmethod
    def write(body, path, number, text, call):
        if call:
            namespace, _, name = call[0].rpartition("/")
            item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": name,
                    "arguments": json.dumps(call[1]), "status": "completed"}
            item |= {"namespace": namespace} if namespace else {}
        else:
            item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": []}]}
        response = {"id": f"resp_{number}", "object": "response", "status": "in_progress", "output": []}
        usage = {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 1,
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}
        return events({"type": "response.created", "response": response},
                      {"type": "response.output_item.added", "output_index": 0, "item": item},
                      {"type": "response.output_item.done", "output_index": 0, "item": item},
                      {"type": "response.completed",
                       "response": response | {"status": "completed", "output": [item], "usage": usage}})


class Gemini:
    """generateContent, as Gemini CLI asks."""

    path = "enerateContent"

    @staticmethod
    def read(body, path):
        contents = body["contents"]
        parts = contents[-1]["parts"]
        results = [json.dumps(p["functionResponse"]["response"]) for p in parts if "functionResponse" in p]
        user = joined([p for p in parts if "text" in p])
        tools = [f["name"] for tool in body.get("tools", []) for f in tool.get("functionDeclarations", [])]
        return Seen(tools, "\n".join(results), user, len(contents), json.dumps(body))

    @staticmethod
    def write(body, path, number, text, call):
        if body.get("generationConfig", {}).get("responseMimeType") == "application/json":
            text = json.dumps({"model_choice": "flash", "reasoning": "", "next_speaker": "user"})
        part = {"functionCall": {"name": call[0], "args": call[1]}} if call else {"text": text}
        answer = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
                  "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}}
        if "stream" in path:
            return events(answer, named=False)
        return json.dumps(answer).encode()


class Model:
    """A server with one script for all of its requests that offer sdbg's tools; others (titles, summaries) are
    answered with a word and its number. `silent` is set when the script is at Silence."""

    def __init__(self, dialect, script):
        self.dialect, self.script = dialect, script
        self.lock = threading.Lock()
        self.silent = threading.Event()
        self.released = threading.Event()
        self.fault = None
        self.talk = None
        self.over = False
        self.words = itertools.count(1)
        self.answered = {}  # by the length of the conversation: a client may ask again

    @contextlib.contextmanager
    def serving(self):
        """Return: the URL; at the end, what went wrong in the script is raised."""
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                model.serve(self, body)

            def do_GET(self):
                reply(self, json.dumps({"object": "list", "data": [], "models": []}).encode())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
        self.check()

    def check(self):
        if self.fault:
            raise AssertionError(self.fault)

    def serve(self, handler, data):
        if self.dialect.path not in handler.path or "count" in handler.path:
            reply(handler, b'{"input_tokens": 1, "totalTokens": 1}')
            return
        body = json.loads(data)
        seen = self.dialect.read(body, handler.path)
        answer = self.answer(seen) if seen.offers("job_start") else f"word {next(self.words)}"
        if isinstance(answer, Silence):
            self.silent.set()
            self.released.wait()
            return
        call = (seen.name_of(answer.tool), answer.arguments) if isinstance(answer, Call) else None
        reply(handler, self.dialect.write(body, handler.path, seen.length, answer, call),
              "text/event-stream" if body.get("stream") or "stream" in handler.path else "application/json")

    def answer(self, seen):
        with self.lock:
            if seen.length not in self.answered:
                self.answered[seen.length] = self.next(seen)
            return self.answered[seen.length]

    def next(self, seen):
        try:
            if not self.talk:
                self.talk = self.script(seen)
                return next(self.talk)
            return self.talk.send(seen)
        except StopIteration as end:
            self.over = True
            return end.value or "done"
        except Exception:
            self.fault = f"{traceback.format_exc()}\nthe model saw: {seen.text[:4000]}\n{seen.user[-500:]}"
            return "the script has failed"


def reply(handler, data, kind="application/json"):
    with contextlib.suppress(ConnectionError):
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
