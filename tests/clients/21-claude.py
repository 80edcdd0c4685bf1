#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node claude
"""Claude Code."""

import pathlib
import shutil

import agents
import harness
import models
import programs
from harness import sdbg
from models import Call

HOOKS = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents/claude"


class ClaudeCode(agents.AgentTest):
    programs = ("claude",)
    dialect = models.Anthropic
    install = ("--project", "claude")

    def configure(self, url):
        """It is told by the environment."""

    def command(self, prompt):
        # Named once more, as else it does not wait for its servers before it asks the model.
        return ([programs.executable("claude"), "-p", prompt, "--mcp-config", ".mcp.json",
                 "--strict-mcp-config", "--allowedTools", "mcp__sdbg,Bash", "--model", "claude-sonnet-4-5",
                 "--output-format", "stream-json", "--verbose"],
                {"ANTHROPIC_BASE_URL": "URL", "ANTHROPIC_API_KEY": "none", "ENABLE_TOOL_SEARCH": "false",
                 "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
                 "DISABLE_ERROR_REPORTING": "1", "DISABLE_AUTOUPDATER": "1"})

    def test_from_start_to_stop(self):
        self.check_from_start_to_stop()

    def environment(self):
        environment = super().environment()
        return environment | {"PATH": f"{self.home}/bin:{environment['PATH']}"}

    def meet_hooks(self, seen):
        assert "other" in seen.everything, "it is not told of the job that runs"
        seen = yield Call("Bash", command="npm run dev > log 2>&1 &", description="serve")
        assert "job_start" in seen.text, "the command was not refused"
        seen = yield Call("Bash", command="echo a && echo b 2>&1", description="print")
        assert "b" in seen.text and "job_start" not in seen.text, "a harmless command was refused"
        seen = yield Call("job_start", name="mine", command="sleep 1000")
        return "done"

    def test_hooks(self):
        (self.home / "bin").mkdir()
        shutil.copy(HOOKS / "sdbg-claude-hook", self.home / "bin")
        (self.project / ".claude").mkdir()
        shutil.copy(HOOKS / "settings.json", self.project / ".claude")
        sdbg("start", "-n", "other", "sleep", "1000", cwd=self.project)
        self.converse(self.meet_hooks)
        # The session's own job ends with it.
        harness.wait_until(lambda: [job["name"] for job in sdbg("list", json=True).json] == ["other"], 60)


if __name__ == "__main__":
    harness.main()
