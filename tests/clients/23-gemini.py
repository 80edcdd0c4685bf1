#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node gemini
"""Gemini CLI."""

import json

import agents
import harness
import models
import programs


class GeminiCli(agents.AgentTest):
    programs = ("gemini",)
    dialect = models.Gemini
    skills = ".gemini/skills"
    install = ("gemini",)

    def configure(self, url):
        folder = self.home / ".gemini"
        folder.mkdir(exist_ok=True)
        (folder / "settings.json").write_text(json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
            "telemetry": {"enabled": False}, "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False}}))

    def command(self, prompt):
        return ([programs.executable("node"), programs.executable("gemini"), "-p", prompt, "-y", "--skip-trust",
                 "-m", "gemini-2.5-flash", "--output-format", "json"],
                {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": "URL", "GEMINI_CLI_NO_RELAUNCH": "true"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def test_in_a_project(self):
        self.check_install("--project", "gemini")


if __name__ == "__main__":
    harness.main()
