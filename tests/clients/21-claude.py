#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# programs: vite node claude
"""Claude Code."""

import json
import pathlib
import shutil

import agents
import harness
import models
import programs
from harness import sdbg
from models import Call

VARIABLES = {"ANTHROPIC_BASE_URL": "URL", "ANTHROPIC_API_KEY": "none", "ENABLE_TOOL_SEARCH": "false",
             "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
             "DISABLE_ERROR_REPORTING": "1", "DISABLE_AUTOUPDATER": "1"}
AGENTS = pathlib.Path(__file__).resolve().parents[2] / "packaging/agents"


class ClaudeCode(agents.AgentTest):
    programs = ("claude",)
    dialect = models.Anthropic
    skills = ".claude/skills"
    install = ("--project", "claude")

    def configure(self, url):
        """It is told by the environment."""

    def command(self, prompt):
        # Named once more, as else it does not wait for its servers before it asks the model.
        return ([programs.executable("claude"), "-p", prompt, "--mcp-config", ".mcp.json",
                 "--strict-mcp-config", "--allowedTools", "mcp__sdbg,Bash", "--model", "claude-sonnet-4-5",
                 "--output-format", "stream-json", "--verbose"],
                VARIABLES)

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
        shutil.copy(AGENTS / "claude/sdbg-claude-hook", self.home / "bin")
        (self.project / ".claude").mkdir()
        shutil.copy(AGENTS / "claude/settings.json", self.project / ".claude")
        sdbg("start", "-n", "other", "sleep", "1000", cwd=self.project)
        self.converse(self.meet_hooks)
        # The session's own job ends with it.
        harness.wait_until(lambda: [job["name"] for job in sdbg("list", json=True).json] == ["other"], 60)

    def start_and_wait(self, seen):
        seen = yield Call("job_start", name="build", command="until [ -e go ]; do sleep 0.1; done; echo wrong; exit 3")
        seen = yield Call("Bash", command="sdbg wait build", run_in_background=True, description="wait for it")
        seen = yield "I am told when it ends."
        assert "<task-notification>" in seen.user and "exit code 3" in seen.user, "the model was not woken"
        seen = yield Call("job_logs", name="build")
        assert "wrong" in seen.text
        return "It is over."

    @staticmethod
    def ask(terminal):
        """It connects to its servers meanwhile, and asks the model without their tools until it has."""
        terminal.expect("shortcuts", 60)
        answers = set()
        while "I" not in answers:
            terminal.type("Build it.")
            terminal.expect("Build")
            terminal.type("\r")
            known = len(answers)
            while len(answers) == known:  # it may draw the earlier ones again
                answers.add(terminal.expect(r"● ?(word ?\d+|I)", 60)[1].replace(" ", ""))

    def test_woken_by_a_wait_in_the_background(self):
        """In the terminal: `claude -p` ends, and what it has in the background too."""
        (self.home / ".claude.json").write_text(json.dumps({
            "hasCompletedOnboarding": True, "customApiKeyResponses": {"approved": [VARIABLES["ANTHROPIC_API_KEY"]]},
            "projects": {str(self.project): {"hasTrustDialogAccepted": True}}}))
        self.install = ("claude",)  # a project's servers would have to be agreed to
        with self.agent_in_terminal(self.start_and_wait, programs.executable("claude"), "--allowedTools",
                                    "mcp__sdbg,Bash", "--permission-mode", "default", **VARIABLES) as terminal:
            self.ask(terminal)
            (self.project / "go").touch()
            terminal.expect("● ?It", 100)


if __name__ == "__main__":
    harness.main()
