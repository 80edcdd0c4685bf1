#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node codex
"""Codex, which gives a server neither XDG_RUNTIME_DIR nor the bus's address."""

import pathlib
import shutil

import agents
import harness
import models
import programs

SKILL = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents/skill/sdbg"
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

    def see_skill(self, seen):
        assert "background jobs that outlive the session" in seen.everything, "it is not told of the skill"
        return (yield from self.list_jobs(seen))

    def test_skill(self):
        shutil.copytree(SKILL, self.home / ".codex/skills/sdbg")
        self.converse(self.see_skill)

    def test_in_a_project(self):
        self.check_install("--project", "codex")


if __name__ == "__main__":
    harness.main()
