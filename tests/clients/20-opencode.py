#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node opencode
"""OpenCode."""

import contextlib
import json
import urllib.request

import agents
import harness
import models
import programs
from harness import sdbg, wait_until
from models import Call

VARIABLES = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1",
             # It wants a library for plugins, and does without it.
             "npm_config_fetch_retries": "0", "npm_config_registry": "http://127.0.0.1:1"}
SERVER = "http://127.0.0.1:4096"
SECONDS = 100
HELPER = {"agent": "helper", "model": {"providerID": "scripted", "modelID": "other"}}  # neither is the default


def request(path, body=None, timeout=20):
    """Asks the server of OpenCode. Return: what it answers."""
    data = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(SERVER + path, data, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(question, timeout=timeout) as answer:
        return json.loads(answer.read() or "null")


def new_session(parent=None):
    """What the server is asked while it starts may get no answer. Return: the id."""
    def ask():
        try:
            return request("/session", {"parentID": parent} if parent else {}, timeout=4)["id"]
        except OSError:
            return None
    return wait_until(ask, SECONDS)


def say(session, text, **more):
    request(f"/session/{session}/prompt_async", {"parts": [{"type": "text", "text": text}], **HELPER, **more})


def messages(session, role="user"):
    """Return: (the message, its text) of each."""
    everything = [m for m in request(f"/session/{session}/message") if m["info"]["role"] == role]
    return [(m["info"], "".join(p.get("text", "") for p in m["parts"])) for m in everything]


def notices(session):
    return [text for _, text in messages(session) if text.startswith("Background job: ")]


def until(file):
    return f"until [ -e {file} ]; do sleep 0.1; done"


class OpenCodeTest(agents.AgentTest):
    programs = ("opencode",)
    dialect = models.OpenAI
    skills = ".claude/skills"
    install = ("--project", "opencode")

    def configure(self, url):
        names = {name: {"name": name, "tool_call": True, "limit": {"context": 100000, "output": 4096}}
                 for name in ("scripted", "other")}
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "Scripted", "models": names,
                    "options": {"baseURL": f"{url}/v1", "apiKey": "none"}}
        (self.project / "opencode.json").write_text(json.dumps({
            "autoupdate": False, "share": "disabled", "model": "scripted/scripted",
            "small_model": "scripted/scripted", "enabled_providers": ["scripted"],
            "agent": {"helper": {"mode": "primary", "description": "helps", "prompt": "You are the helper."}},
            "provider": {"scripted": provider}, "permission": {"*": "allow"}}))

    def command(self, prompt):
        action = ["run", "--format", "json", prompt] if prompt else ["serve", "--port", "4096"]
        return [programs.executable("opencode"), *action], VARIABLES


class OpenCode(OpenCodeTest):
    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def test_for_the_user(self):
        self.check_install("opencode")


class Plugin(OpenCodeTest):
    """Sessions, told by the plugin."""

    def setUp(self):
        super().setUp()
        (self.project / "serve.cjs").write_text("require('http').createServer().listen(8000)")

    def touch(self, name):
        (self.project / name).touch()

    def hear(self, model, text):
        """Waits until the script has said that."""
        wait_until(lambda: text in map(str, model.answered.values()) or model.fault, SECONDS, text)
        model.check()

    @contextlib.contextmanager
    def server(self, script):
        """Return: the model that says the script to `opencode serve`."""
        with self.agent(script, prompt=None) as (process, model):
            yield model
            process.terminate()
            process.wait(30)

    def build_and_check(self, seen):
        seen = yield Call("job_start", name="build", command=f"{until('built')}; echo wrong; exit 3")
        seen = yield "1: the build runs"
        assert "build exited with code 3. Its last line: wrong" in seen.user, "the session was not told"
        assert '"model": "other"' in seen.everything and "You are the helper." in seen.everything
        seen = yield Call("job_start", name="web", command=f"{until('up')}; exec node serve.cjs",
                          ready={"port": 8000}, yield_seconds=0)
        seen = yield "2: the server starts"
        assert "web ready after" in seen.user, "the session was not told"
        # What answers tell is not told again.
        seen = yield Call("job_start", name="quick", command="exit 5")
        assert "exited with code 5" in seen.text
        seen = yield Call("bash", command=f"sdbg start -n check '{until('checked')}; exit 4'", description="check")
        # A turn is under way while this is not answered.
        self.touch("checked")
        wait_until(lambda: "check exited" in str(notices(self.session)), SECONDS)
        seen = yield "3: the check runs"
        assert "check exited with code 4" in seen.user, "the session was not told"
        assert '"model": "other"' in seen.everything and "You are the helper." in seen.everything
        return "4: over"

    def test_idle_and_busy(self):
        with self.server(self.build_and_check) as model:
            self.session = new_session()
            say(self.session, "Build it.")
            self.hear(model, "1: the build runs")
            self.touch("built")
            self.hear(model, "2: the server starts")
            self.touch("up")
            self.hear(model, "4: over")
            self.assertEqual([text.split()[2] for text in notices(self.session)], ["build", "web", "check"])
            for message, _ in messages(self.session):
                self.assertEqual(message["agent"], "helper")
                self.assertEqual(message["model"]["modelID"], "other")

    def build(self, seen):
        seen = yield Call("job_start", name="build", command=f"{until('built')}; exit 3")
        seen = yield "WAITING"
        assert "build exited with code 3" in seen.user, "the session was not told"
        assert '"model": "other"' in seen.everything and "You are the helper." in seen.everything
        return "TOLD"

    def test_in_the_terminal(self):
        with self.agent_in_terminal(self.build, programs.executable("opencode"), "--agent", "helper", "--model",
                                    "scripted/other", "--prompt", "Build it.", **VARIABLES) as terminal:
            terminal.expect("WAITING", SECONDS)
            self.touch("built")
            terminal.expect("TOLD", SECONDS)

    @staticmethod
    def listen(seen):
        while True:
            seen = yield "I have heard it."

    def test_whose_job_it_is(self):
        """Told once, also where the plugin is in the user's and in the project's configuration."""
        sdbg("agents", "install", "opencode", env=self.only())
        with self.server(self.listen):
            main, other = new_session(), new_session()
            sub = new_session(parent=main)
            for session in (main, other, sub):
                request(f"/session/{session}/message", {"noReply": True, "parts": [{"type": "text", "text": "Hi."}]})
            request("/instance/dispose", {})  # as when its configuration changes
            messages(main)
            for name, session in (("nobody", None), ("stranger", "ses_0"), ("helped", sub), ("own", other)):
                sdbg("start", "-n", name, "sleep 0.5; exit 1", env={"OPENCODE_SESSION_ID": session})
            wait_until(lambda: notices(other), SECONDS)
            wait_until(lambda: notices(main), SECONDS)
            self.assertEqual([[text.split()[2] for text in notices(session)] for session in (main, other, sub)],
                             [["helped"], ["own"], []])

    def test_without_sdbg(self):
        """It is harmless where sdbg is not installed (any more)."""
        path = f"{programs.executable('node').parent}:/usr/bin:/bin"
        self.command = lambda prompt, command=self.command: (command(prompt)[0], command(prompt)[1] | {"PATH": path})
        with self.server(self.listen):
            session = new_session()
            say(session, "Hi.")
            wait_until(lambda: any("word" in text for _, text in messages(session, "assistant")), SECONDS)


if __name__ == "__main__":
    harness.main()
