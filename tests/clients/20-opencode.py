#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node opencode
"""OpenCode."""

import json

import agents
import harness
import models
import programs


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
        return ([programs.executable("opencode"), "run", "--format", "json", prompt],
                {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1",
                 "npm_config_fetch_retries": "0"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()


if __name__ == "__main__":
    harness.main()
