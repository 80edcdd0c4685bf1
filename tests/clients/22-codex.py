#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node codex
"""Codex, which gives a server neither XDG_RUNTIME_DIR nor the bus's address."""

import agents
import harness
import models
import programs

CONFIG = """\
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false
approval_policy = "never"
sandbox_mode = "danger-full-access"

[analytics]
enabled = false

[model_providers.scripted]
name = "Scripted"
base_url = "URL/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"
requires_openai_auth = false
supports_websockets = false
"""


class Codex(agents.AgentTest):
    programs = ("codex",)
    dialect = models.Responses
    skills = ".codex/skills"
    install = ("codex",)

    def configure(self, url):
        folder = self.home / ".codex"
        folder.mkdir(exist_ok=True)
        (folder / "config.toml").write_text(CONFIG.replace("URL", url))

    def command(self, prompt):
        return ([programs.executable("codex"), "exec", "--skip-git-repo-check", "--trust", "--json", prompt],
                {"SCRIPTED_KEY": "none"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def test_in_a_project(self):
        self.check_install("--project", "codex")


if __name__ == "__main__":
    harness.main()
