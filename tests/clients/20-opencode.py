#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node opencode
"""OpenCode."""

import json
import pathlib
import shutil
import urllib.request

import agents
import harness
import models
import programs
from harness import wait_until
from models import Call

PLUGIN = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents/opencode/sdbg.js"
SERVER = "http://127.0.0.1:4096"


def post(path, body):
    request = urllib.request.Request(SERVER + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.loads(answer.read() or "null")


def first_session():
    """What the server is asked while it starts may get no answer."""
    try:
        return post("/session", {})["id"]
    except OSError:
        return None


class OpenCode(agents.AgentTest):
    programs = ("opencode",)
    dialect = models.OpenAI
    install = ("--project", "opencode")

    def configure(self, url):
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "Scripted",
                    "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
                    "models": {"scripted": {"name": "Scripted", "tool_call": True,
                                            "limit": {"context": 100000, "output": 4096}}}}
        (self.project / "opencode.json").write_text(json.dumps({
            "autoupdate": False, "share": "disabled", "model": "scripted/scripted",
            "small_model": "scripted/scripted", "enabled_providers": ["scripted"],
            "provider": {"scripted": provider}, "permission": {"*": "allow"}}))

    def command(self, prompt):
        action = ["run", "--format", "json", prompt] if prompt else ["serve", "--port", "4096"]
        return ([programs.executable("opencode"), *action],
                {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1",
                 "npm_config_fetch_retries": "0"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def started_and_told(self, seen):
        seen = yield Call("job_start", name="build", command="echo wrong; until [ -e go ]; do sleep 0.1; done; exit 3")
        seen = yield "started"
        assert "build exited with code 3" in seen.user, "the session was not told"
        seen = yield Call("bash", command="sdbg start -n check 'sleep 2; exit 4'", description="check")
        seen = yield Call("job_list")
        seen = yield "started"
        assert "check exited with code 4" in seen.user, "the session was not told"
        return "both have ended"

    def test_plugin_tells_of_an_end(self):
        """Of a job that a tool has started, and of one from the shell."""
        plugins = self.home / ".config/opencode/plugin"
        plugins.mkdir(parents=True)
        shutil.copy(PLUGIN, plugins)
        with self.agent(self.started_and_told, prompt=None) as (process, model):
            session = wait_until(first_session, 200)
            post(f"/session/{session}/prompt_async", {"parts": [{"type": "text", "text": "Build it."}]})
            wait_until(lambda: "started" in map(str, model.answered.values()) or model.fault, 200)
            model.check()
            (self.project / "go").touch()
            wait_until(lambda: model.over or model.fault, 200)
            model.check()
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    harness.main()
